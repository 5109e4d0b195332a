"use strict";

const ACTIONS = {
  verify: {
    button: "Verify", note: "Is it the finger it claims to be?",
    anyFinger: "any finger of the subject", fields: ["subject", "finger", "fmr", "ppi"], picture: true,
  },
  enroll: {
    button: "Enroll", note: "Keep the scan as one more impression of a subject's finger.",
    anyFinger: "unknown", fields: ["subject", "finger", "ppi", "unchecked"], picture: false,
  },
  identify: {
    button: "Identify", note: "Whose finger is it, among all that are enrolled?",
    anyFinger: "", fields: ["top", "fpir", "ppi"], picture: false,
  },
  compare: {
    button: "Compare", note: "Are two scans of the same finger? Nothing is enrolled.",
    anyFinger: "", fields: ["fmr", "ppi"], picture: true,
  },
};
const PATIENCE_MS = 60000; // an answer takes a tenth of a second; a server that is busy for a minute gives none

const PROBE = "The scan with the minutiae that have a partner in the reference.";
const PAIR = "Both scans with the minutiae that have a partner in the other.";

const byId = (id) => document.getElementById(id);

// --- the form ------------------------------------------------------------------------------------------------------

function action() {
  return document.querySelector("input[name=action]:checked").value;
}

function showAction() {
  const chosen = ACTIONS[action()];
  for (const part of document.querySelectorAll("[data-for]")) {
    part.hidden = !part.dataset.for.split(" ").includes(action());
  }
  byId("send").textContent = chosen.button;
  byId("action-note").textContent = chosen.note;
  byId("any-finger").textContent = chosen.anyFinger;
  byId("scan-name").textContent = action() === "compare" ? "First scan" : "Scan";
}

function showPreview(input) {
  const picture = input.parentElement.querySelector(".preview");
  URL.revokeObjectURL(picture.src);
  picture.hidden = true;
  if (!input.files.length) return;
  picture.onload = () => { picture.hidden = false; };
  picture.onerror = () => { picture.hidden = true; }; // TIFF and WSQ: the server reads them, browsers do not
  picture.src = URL.createObjectURL(input.files[0]);
}

function acceptDrops(zone) {
  const input = zone.querySelector("input[type=file]");
  zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("over"); });
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    showPreview(input);
  });
  input.addEventListener("change", () => showPreview(input));
}

function missing() {
  if (!byId("scan").files.length) return ["scan", "Pick a scan first."];
  if (action() === "compare" && !byId("second").files.length) return ["second", "Pick the second scan, too."];
  if (ACTIONS[action()].fields.includes("subject") && !byId("subject").value.trim()) {
    return ["subject", "Whose finger? Give the subject."];
  }
  return null;
}

function body() {
  const form = new FormData();
  const scans = action() === "compare" ? [["probe", "scan"], ["reference", "second"]]
    : [[action() === "enroll" ? "reference" : "probe", "scan"]];
  if (action() === "enroll" && byId("proof").files.length) scans.push(["proof", "proof"]);
  for (const [name, id] of scans) form.append(name, byId(id).files[0]);
  for (const name of ACTIONS[action()].fields) {
    const field = byId(name);
    const value = field.type === "checkbox" ? (field.checked ? "true" : "") : entered(name, field.value.trim());
    if (value) form.append(name, value);
  }
  if (ACTIONS[action()].picture) form.append("picture", "true");
  return form;
}

function entered(name, text) {
  if (!["fmr", "fpir", "ppi"].includes(name)) return text;
  const number = text.replace(",", ".");
  const rate = /^(.*\S)\s*%$/.exec(number);
  return rate && !Number.isNaN(Number(rate[1])) ? String(Number(rate[1]) / 100) : number;
}

// --- asking the server ---------------------------------------------------------------------------------------------

async function ask(path, form) {
  const key = byId("key").value.trim();
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const answer = await fetch(path, {
    method: "POST", body: form, headers, cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const fields = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(refusal(answer, fields));
  return fields;
}

function refusal(answer, fields) {
  const message = typeof fields.message === "string" ? fields.message : `The server answered ${answer.status}.`;
  const seconds = answer.headers.get("Retry-After");
  return seconds && /^\d+$/.test(seconds) ? `${message} (Try again in ${seconds} s.)` : message;
}

function explained(error) {
  if (error.name === "TimeoutError") return `The server gave no answer within ${PATIENCE_MS / 1000} s.`;
  if (error instanceof TypeError) return "The server cannot be reached, or the file cannot be read any more.";
  return error.message;
}

async function send(event) {
  event.preventDefault();
  if (byId("send").disabled) return;
  byId("error").hidden = byId("result").hidden = true;
  const gap = missing();
  if (gap) {
    showError(gap[1]);
    byId(gap[0]).focus();
    return;
  }
  const asked = action();
  const subject = byId("subject").value.trim();
  busy(true);
  try {
    show(asked, await ask(`/v1/${asked}`, body()), subject);
  } catch (error) {
    showError(explained(error));
    byId("error").focus();
  } finally {
    busy(false);
  }
}

function busy(yes) {
  byId("send").disabled = yes;
  byId("status").textContent = yes ? "Working…" : "";
}

// --- showing the answer --------------------------------------------------------------------------------------------

function showError(message) {
  byId("error").textContent = message.charAt(0).toUpperCase() + message.slice(1);
  byId("error").hidden = false;
}

function show(asked, fields, subject) {
  const verdict = asked === "enroll" ? "enrolled" : fields.decision;
  byId("result").className = verdict === "non-match" ? "no" : "yes";
  byId("icon").textContent = verdict === "non-match" ? "✕" : "✓";
  byId("word").textContent = { match: "Match", "non-match": "Non-match", enrolled: "Enrolled" }[verdict] ?? verdict;
  byId("about").textContent = about(asked, fields, subject);
  byId("gauge").replaceChildren(...(typeof fields.score === "number" ? [gauge(fields.score, fields.threshold)] : []));
  byId("facts").replaceChildren(...facts(asked, fields).flatMap(([name, value]) => [made("dt", name), made("dd", value)]));
  byId("candidates").replaceChildren(...(fields.candidates?.length ? [candidateTable(fields.candidates)] : []));
  byId("picture").hidden = !fields.picture;
  byId("caption").textContent = asked === "compare" ? PAIR : PROBE;
  byId("picture").querySelector("img").alt = byId("caption").textContent;
  if (fields.picture) byId("picture").querySelector("img").src = `data:image/png;base64,${fields.picture}`;
  byId("result").hidden = false;
  byId("decision").focus();
  byId("result").scrollIntoView({ block: "nearest" });
}

function about(asked, fields, subject) {
  const matched = fields.decision === "match";
  const whose = named(fields.subject ?? subject, fields.finger);
  if (asked === "verify") return matched ? `The scan shows ${whose}.` : `The scan was not recognized as ${whose}.`;
  if (asked === "compare") return matched ? "Both scans show one finger." : "The scans were not recognized as one finger.";
  if (asked === "identify") {
    if (matched) return `The scan shows ${named(fields.candidates[0].subject, fields.candidates[0].finger)}.`;
    return fields.searched ? "Nobody enrolled was recognized." : "Nobody is enrolled.";
  }
  return `Impression ${fields.impression} of ${whose}.`;
}

function named(subject, finger) {
  return finger && finger !== "unknown" ? `${subject}, ${finger}` : subject;
}

function facts(asked, fields) {
  const lines = [];
  if (typeof fields.score === "number") {
    const tail = fields.extrapolated ? "; extrapolated beyond the evidence" : "";
    lines.push(["score", `${fields.score.toFixed(1)}, threshold ${fields.threshold.toFixed(1)}${tail}`]);
  }
  if (asked === "identify") {
    lines.push(["searched", `${fields.searched.toLocaleString("en")} ${fields.searched === 1 ? "impression" : "impressions"}`]);
    lines.push(["threshold", `${fields.threshold.toFixed(1)}, at FPIR ${percent(fields.fpir)}`]);
  }
  if (asked === "enroll") {
    lines.push(["quality", fields.quality.toFixed(2)]);
    lines.push(["minutiae", String(fields.minutiae)]);
  }
  if (typeof fields.target_fmr === "number") lines.push(["decided at", `FMR ${percent(fields.target_fmr)}, measured:`]);
  if (typeof fields.fmr === "number") lines.push(["FMR", within(fields.fmr, fields.fmr_interval)]);
  if (typeof fields.fnmr === "number") lines.push(["FNMR", within(fields.fnmr, fields.fnmr_interval)]);
  if (fields.evidence) lines.push(["evidence", evidence(fields)]);
  if (fields.model) lines.push(["model", fields.model]);
  const note = notes(fields);
  if (note) lines.push(["note", note]);
  return lines;
}

function evidence(fields) {
  if (typeof fields.mated !== "number") return fields.evidence;
  const [mated, others] = [fields.mated, fields.non_mated].map((count) => count.toLocaleString("en"));
  return `${fields.evidence}; ${mated} mated and ${others} non-mated comparisons`;
}

function notes(fields) {
  const said = [];
  if (fields.ppi_note) said.push(fields.ppi_note);
  if (fields.inverted) said.push("bright ridges on dark, inverted");
  return said.join("; ");
}

function percent(rate) {
  return `${Number((100 * rate).toPrecision(3))} %`;
}

function within(rate, interval) {
  if (!Array.isArray(interval)) return percent(rate);
  return `${percent(rate)} (${Number((100 * interval[0]).toPrecision(3))} to ${percent(interval[1])})`;
}

function made(name, text, className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

function drawn(name, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

function gauge(score, threshold) {
  const width = window.innerWidth < 640 ? 280 : 460; // so that its words stay readable on a phone
  const scale = (width - 2) / (1.15 * Math.max(score, threshold, 1));
  const at = (value) => 1 + scale * Math.max(value, 0);
  const svg = drawn("svg", {
    viewBox: `0 0 ${width} 48`, role: "img", "aria-label": `score ${score.toFixed(1)}, threshold ${threshold.toFixed(1)}`,
  });
  const side = at(threshold) > width - 110 ? { x: at(threshold) - 5, "text-anchor": "end" } : { x: at(threshold) + 5 };
  svg.append(
    drawn("rect", { class: "rail", x: 0, y: 4, width, height: 18, rx: 3 }),
    drawn("rect", { class: "bar", x: 0, y: 4, width: Math.max(at(score), 2), height: 18, rx: 3 }),
    drawn("line", { class: "mark", x1: at(threshold), x2: at(threshold), y1: 0, y2: 42 }),
    drawn("text", { class: "gauge-text", y: 40, ...side }, `threshold ${threshold.toFixed(1)}`),
  );
  return svg;
}

function candidateTable(candidates) {
  const table = made("table", "");
  const scored = typeof candidates[0].score === "number"; // with a key of the scope `scores` alone
  table.append(made("caption", scored ? "Who comes nearest" : "Who matches"));
  const head = table.createTHead().insertRow();
  const heads = [["subject", ""], ["finger", ""], ...(scored ? [["score", "number"]] : []), ["", ""]];
  for (const [name, kind] of heads) head.append(made(name ? "th" : "td", name, kind));
  const rows = table.createTBody();
  for (const one of candidates) {
    const row = rows.insertRow();
    row.append(made("td", one.subject), made("td", one.finger));
    if (scored) row.append(made("td", one.score.toFixed(1), "number"));
    row.append(made("td", one.match ? "✓ match" : "", one.match ? "yes" : ""));
  }
  return table;
}

// --- the start -----------------------------------------------------------------------------------------------------

for (const choice of document.querySelectorAll("input[name=action]")) choice.addEventListener("change", showAction);
for (const zone of document.querySelectorAll(".drop")) acceptDrops(zone);
for (const name of ["dragover", "drop"]) { // a scan that misses its field must not replace the page
  window.addEventListener(name, (event) => event.preventDefault());
}
byId("request").addEventListener("submit", send);
showAction();
