// Enrollment: touch after touch, one finger after another; all of them are kept at once, or none.
//
// What the next touch should be, which touches are kept and when there are enough, the service says.

import { coverageOf } from "./coverage.js";
import { showFailure } from "./dialogs.js";
import { h, lineField, say } from "./dom.js";
import { qualityMark } from "./quality.js";
import { picture, scanField, source } from "./scans.js";
import { Refusal, allows, ask } from "./server.js";
import { DIGITS, counted, errorText, finger, language, t } from "./words.js";

const MOST = 10; // scans that the service takes at once, and touches of a finger that it looks at
const OFFERED = 2; // kept touches of a finger, from which on the next finger is offered
const USUAL = ["right-index", "left-index", "right-thumb", "left-thumb", "right-middle", "left-middle"]; // the order asked for
const SETTLED_MS = 400; // without a key pressed, before the id is looked up

/** The view. */
export function enrollView({ session, given, go }) {
  const touches = []; // {file, finger, image, quality, error, kept}, in their order
  const told = new Map(); // what the service says of the touches of a finger
  let chosen = USUAL[0];
  let known = [];
  let repeat = null; // a word of its own for what is sent, so that nothing is enrolled twice

  const subject = lineField(t("person"), t("enroll.hint"));
  if (given) subject.input.value = given;
  const knownPlace = h("p", { class: "soft", role: "status" });
  const prompt = h("p", { class: "prompt" });
  const list = h("ol", { class: "touches" });
  const next = h("div", { class: "row" });
  const sum = h("p", { class: "sum" });
  const shown = h("div", {});
  const place = source(t("touch.add"), add, { many: true, large: true, asks: hints });
  const unchecked = h("input", { type: "checkbox", id: "unchecked" });
  const proofPlace = h("div", {});
  const wrong = h("div", {});
  const button = h("button", { type: "submit" });
  const hands = h("div", { class: "hands" }, ["left", "right"].map((hand) =>
    h("fieldset", {}, h("legend", {}, t(`hand.${hand}`)), DIGITS.map((digit) => chip(`${hand}-${digit}`, digit)))));
  let proof = null;

  function chip(name, digit) {
    const input = h("input", { type: "radio", name: "finger", value: name, id: `finger-${name}`, class: "unseen", onchange: () => { chosen = name; draw(); } });
    return h("div", { class: "chip" }, input,
      h("label", { for: input.id }, h("span", {}, t(`digit.${digit}`)), h("span", { class: "count", "data-finger": name })));
  }

  const of = (name) => touches.filter((one) => one.finger === name);
  const good = (name) => of(name).filter((one) => one.kept);
  const kept = () => touches.filter((one) => one.kept);
  const room = (name) => Math.min(MOST - of(name).length, MOST - kept().length);
  const isDone = (name) => Boolean(told.get(name)?.done);

  /** Takes touches; whether another one is wanted. */
  async function add(files) {
    repeat = null;
    const name = chosen;
    touches.push(...files.slice(0, Math.max(0, room(name))).map((file) => ({ file, finger: name, image: picture(file) })));
    draw();
    await advise(name);
    return name === chosen && room(name) > 0 && !isDone(name);
  }

  /** Asks what the next touch of a finger should be, after those that are there. */
  async function advise(name) {
    const own = of(name);
    const isNow = () => own.length === of(name).length && own.every((one, k) => one === of(name)[k]);
    if (!own.length) { told.delete(name); draw(); return; }
    try {
      const advice = await ask("POST", "guidance", { form: own.map((one) => ["touch", one.file]) });
      if (!isNow()) return; // more came meanwhile, and is asked about
      told.set(name, advice);
      own.forEach((one, k) => {
        const { quality, error, message } = advice.touches[k];
        one.quality = quality ?? undefined;
        one.error = error ? new Refusal(error, message) : null;
        one.kept = advice.kept.includes(k);
      });
    } catch (error) {
      if (!isNow()) return;
      for (const one of own) if (one.quality === undefined) one.error ??= error;
    }
    draw();
    say(prompt.textContent);
  }

  function remove(one) {
    repeat = null;
    touches.splice(touches.indexOf(one), 1);
    draw();
    place.input.focus();
    advise(one.finger);
  }

  /** What the service says that the next touch should be, in words. */
  function hints() {
    const said = told.get(chosen);
    if (!said) return "";
    const text = said.hints.map((one) => t(`hint.${one}`)).join(", ");
    return `${text[0].toLocaleUpperCase(language())}${text.slice(1)}.`;
  }

  function asksFor() {
    const last = of(chosen).at(-1);
    if (!last) return t("touch.first", { finger: finger(chosen) });
    if (last.error) return t("touch.again", { finger: finger(chosen) });
    if (!told.has(chosen)) return t("quality.asking");
    if (isDone(chosen)) return t("touch.enough", { finger: finger(chosen), count: good(chosen).length });
    return t("touch.next", { finger: finger(chosen), hints: hints() });
  }

  function draw() {
    for (const input of hands.querySelectorAll("input")) input.checked = input.value === chosen;
    for (const count of hands.querySelectorAll(".count")) {
      const there = known.find((one) => one[0] === count.dataset.finger)?.[1] ?? 0;
      const fresh = good(count.dataset.finger).length;
      count.textContent = [there ? `✓ ${there}` : "", fresh ? `+${fresh}` : ""].filter(Boolean).join(" ");
    }
    prompt.textContent = asksFor();
    list.replaceChildren(...of(chosen).map((one, k) => touch(one, k + 1)));
    if (!list.children.length) list.append(h("li", { class: "empty" }, t("touch.none")));
    const said = told.get(chosen);
    shown.replaceChildren(...(said?.kept.length ? [coverageOf(said)] : []));
    place.element.hidden = room(chosen) <= 0;
    const following = USUAL.find((name) => name !== chosen && !of(name).length && !known.some(([there]) => there === name));
    next.replaceChildren(...(good(chosen).length >= OFFERED && following && room(following) > 0 ? [h("button", {
      type: "button", class: "second", onclick: () => { chosen = following; draw(); hands.querySelector(`#finger-${following}`).focus(); },
    }, t("touch.next.finger", { finger: finger(following) }))] : []));
    drawSum();
  }

  function touch(one, place) {
    const state = one.error ? h("span", { class: "wrong" }, errorText(one.error))
      : one.quality === undefined ? h("span", { class: "soft" }, t("quality.asking")) : qualityMark(one.quality);
    const isOut = one.error || (one.quality !== undefined && !one.kept);
    return h("li", { class: isOut ? "touch out" : "touch" }, one.image,
      h("div", {}, h("p", { class: "name" }, t("touch.number", { number: place }), isOut && h("span", { class: "soft" }, ` ${t("touch.left.out")}`)), state),
      h("button", { type: "button", class: "plain", "aria-label": t("touch.remove", { number: place, finger: finger(one.finger) }), onclick: () => remove(one) }, "✕"));
  }

  function drawSum() {
    const ready = kept();
    const fingers = new Set(ready.map((one) => one.finger)).size;
    sum.className = ready.length ? "sum" : "empty";
    sum.textContent = ready.length
      ? t("enroll.sum", { fingers: counted("fingers", fingers), impressions: counted("impressions", ready.length) }) : t("enroll.nothing");
    button.textContent = subject.value() ? t("enroll.send.who", { who: subject.value() }) : t("enroll.send");
  }

  let timer = 0;
  function look() {
    drawSum();
    clearTimeout(timer);
    timer = setTimeout(lookUp, SETTLED_MS);
  }

  async function lookUp() {
    const name = subject.value();
    known = [];
    if (name) {
      const counts = new Map();
      const found = await ask("GET", "impressions", { query: { subject: name } }).catch(() => ({ impressions: [] }));
      if (subject.value() !== name) return;
      for (const one of found.impressions) counts.set(one.finger, (counts.get(one.finger) ?? 0) + 1);
      known = [...counts];
    }
    const fingers = known.map(([one, count]) => t("touch.count", { finger: finger(one), count: counted("impressions", count) })).join("; ");
    knownPlace.textContent = !name ? "" : known.length ? t("enroll.known", { who: name, fingers }) : t("enroll.new");
    const isNeeded = known.length > 0 && !allows(session, "admin");
    if (!isNeeded) proof = null;
    else if (!proof) proof = scanField(t("proof"), { rates: false });
    proofPlace.replaceChildren(...(proof ? [h("p", {}, t("proof.lead", { who: name })), proof.element] : []));
    draw();
  }

  async function send(event) {
    event.preventDefault();
    const ready = kept().slice(0, MOST);
    if (button.disabled) return;
    if (!subject.value()) { subject.complain(t("person.none")); return; }
    if (touches.some((one) => one.quality === undefined && !one.error)) { say(t("enroll.wait")); return; }
    if (!ready.length) { say(t("enroll.nothing")); place.input.focus(); return; }
    if (proof && !proof.file()) { proof.complain(t("scan.none")); return; }
    repeat ??= [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");
    const form = [["subject", subject.value()], ...ready.flatMap((one) => [["reference", one.file], ["finger", one.finger]]),
      ["proof", proof?.file() ?? ""], ["unchecked", unchecked.checked ? "true" : ""]];
    button.disabled = true;
    say(t("working"));
    try {
      done(await ask("POST", "enroll", { form, repeat }));
    } catch (error) {
      repeat = null; // nothing was kept; with a proof, or other touches, it is another request
      if (error.name === "ProofNeeded") await lookUp();
      showFailure(wrong, error);
    } finally {
      button.disabled = false;
    }
  }

  function done(answer) {
    const fingers = new Set(answer.impressions.map((one) => one.finger)).size;
    const what = t("enroll.sum", { fingers: counted("fingers", fingers), impressions: counted("impressions", answer.impressions.length) });
    touches.length = 0;
    view.replaceChildren(h("section", { class: "card decision yes", "aria-labelledby": "decision" },
      h("h1", { id: "decision", tabindex: "-1" }, h("span", { class: "sign", "aria-hidden": "true" }, "✓"), h("span", {}, t("enrolled"))),
      h("p", { class: "who" }, t("enroll.done", { who: answer.subject, what })),
      h("div", { class: "row" },
        h("button", { type: "button", onclick: () => go("enroll") }, t("enroll.another")),
        h("button", { type: "button", class: "second", onclick: () => go("verify", answer.subject) }, t("enroll.try", { who: answer.subject })))));
    view.querySelector("h1").focus();
  }

  subject.input.addEventListener("input", look);
  const view = h("div", {},
    h("h1", { tabindex: "-1" }, t("enroll.title")), h("p", { class: "lead" }, t("enroll.lead")),
    h("form", { class: "steps", onsubmit: send, novalidate: true, autocomplete: "off" },
      h("div", {}, h("section", { class: "card" }, h("h2", {}, t("enroll.who")), subject.element, knownPlace, proofPlace),
      h("section", { class: "card" }, h("h2", {}, t("enroll.which")), hands)),
      h("div", {}, h("section", { class: "card" }, h("h2", {}, t("enroll.touches")), prompt, shown, list, place.element, next),
      h("section", { class: "card" }, h("h2", {}, t("enroll.keep")), sum,
        h("details", {}, h("summary", {}, t("more")), h("div", { class: "check" }, unchecked, h("label", { for: "unchecked" }, t("unchecked")))),
        h("div", { class: "row" }, button), wrong))));
  draw();
  if (given) lookUp();
  return view;
}
