// Who is enrolled: searched, and in pages.

import { failure } from "./dialogs.js";
import { field, h, lineField, say } from "./dom.js";
import { qualityMark } from "./quality.js";
import { allows, ask } from "./server.js";
import { counted, number, t, when } from "./words.js";

const PAGE = 20; // people
const SETTLED_MS = 300; // without a key pressed, before it is searched

/** The view: everybody for an administrator; who only enrolls has to know an id. */
export function peopleView({ session, go }) {
  return allows(session, "admin") ? everybody(go) : lookUp(go);
}

function lookUp(go) {
  const subject = lineField(t("person"), t("person.hint"));
  const send = (event) => {
    event.preventDefault();
    if (subject.value()) go("person", subject.value());
    else subject.complain(t("person.none"));
  };
  return h("div", {}, h("h1", { tabindex: "-1" }, t("people.title")),
    h("form", { class: "card narrow", onsubmit: send, novalidate: true, autocomplete: "off" }, subject.element,
      h("div", { class: "row" }, h("button", { type: "submit" }, t("people.lookup")))));
}

function everybody(go) {
  const search = field(t("people.search"), h("input", { type: "search", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: 256 }), t("people.search.hint"));
  const list = h("div", {});
  const turns = h("nav", { class: "row", "aria-label": t("people.title") });
  const locks = h("div", {});
  const before = []; // cursors of the pages up to the present one
  let cursor = null;
  let asking = 0;

  async function load(focus = false) {
    asking += 1;
    const mine = asking;
    const text = search.value();
    try {
      const found = await ask("GET", "subjects", { query: { limit: PAGE, cursor, search: text } });
      if (mine !== asking) return;
      draw(people(found.fingers), found.next, text);
      if (focus) list.querySelector("button")?.focus();
    } catch (error) {
      if (mine === asking) list.replaceChildren(failure(error));
    }
  }

  function draw(found, following, text) {
    list.replaceChildren(found.length ? table(found, go) : h("div", { class: "card empty" },
      h("p", {}, text ? t("people.none.found", { text }) : t("people.none")),
      !text && h("button", { type: "button", onclick: () => go("enroll") }, t("people.first"))));
    if (found.length) say(counted("people.count", found.length));
    else say(list.textContent);
    turns.replaceChildren(...[
      before.length && h("button", { type: "button", class: "second", onclick: () => { cursor = before.pop(); load(true); } }, t("people.before")),
      following && h("button", { type: "button", class: "second", onclick: () => { before.push(cursor); cursor = following; load(true); } }, t("people.next")),
    ].filter(Boolean));
  }

  async function loadLocks() {
    const found = await ask("GET", "locks").catch(() => ({ locks: [] }));
    locks.replaceChildren(...(found.locks.length ? [h("section", { class: "notice" }, h("h2", {}, t("locks.title")),
      h("ul", { class: "plain-list" }, found.locks.map((one) => h("li", { class: "row" }, h("span", { class: "grow" }, one.name, " ",
        h("span", { class: "soft" }, t("locks.left", { seconds: number(one.seconds, 0) }))),
      h("button", { type: "button", class: "second", onclick: () => lift(one) }, t("locks.lift", { who: one.name }))))))] : []));
  }

  async function lift(one) {
    await ask("DELETE", "locks", { query: { [one.kind === "subject" ? "subject" : "key"]: one.name } });
    await loadLocks();
    say(t("locks.lifted", { who: one.name }));
    search.input.focus();
  }

  let timer = 0;
  search.input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => { cursor = null; before.length = 0; load(); }, SETTLED_MS);
  });
  load();
  loadLocks();
  return h("div", {}, h("h1", { tabindex: "-1" }, t("people.title")), locks,
    h("div", { class: "narrow search", role: "search" }, search.element), list, turns);
}

/** One entry for each subject, of entries for each finger that come in order. */
function people(fingers) {
  const found = new Map();
  for (const one of fingers) {
    const person = found.get(one.subject) ?? { subject: one.subject, fingers: 0, impressions: 0, quality: 1, last: "" };
    person.fingers += 1;
    person.impressions += one.impressions;
    person.quality = Math.min(person.quality, Math.max(...one.qualities)); // of each finger, that of its best impression
    if (one.last_enrolled_at > person.last) person.last = one.last_enrolled_at;
    found.set(one.subject, person);
  }
  return [...found.values()];
}

function table(found, go) {
  const head = ["people.id", "people.fingers", "people.quality", "people.last"];
  return h("table", { class: "people" }, h("caption", { class: "unseen" }, t("people.title")),
    h("thead", {}, h("tr", {}, head.map((key) => h("th", { scope: "col" }, t(key))))),
    h("tbody", {}, found.map((one) => h("tr", {},
      h("th", { scope: "row" }, h("button", { type: "button", class: "link", onclick: () => go("person", one.subject) }, one.subject)),
      h("td", { "data-head": t("people.fingers") }, `${counted("fingers", one.fingers)}, ${counted("impressions", one.impressions)}`),
      h("td", { "data-head": t("people.quality") }, qualityMark(one.quality)),
      h("td", { "data-head": t("people.last") }, when(one.last))))));
}
