// One person: fingers, history, and what an administrator may change.

import { asked, failure, showFailure } from "./dialogs.js";
import { h, lineField, say } from "./dom.js";
import { qualityMark } from "./quality.js";
import { allows, ask } from "./server.js";
import { counted, finger, t, when } from "./words.js";

const PAGE = 20; // entries of the history

/** The view; `given` is the person's id. */
export function personView({ session, given, go }) {
  const isAdmin = allows(session, "admin");
  const fingers = h("div", {});
  const wrong = h("div", {});
  const actions = h("div", { class: "row" });
  const view = h("div", {},
    h("p", {}, h("a", { href: "#/people", onclick: (event) => { event.preventDefault(); go("people"); } }, `← ${t("person.back")}`)),
    h("h1", { tabindex: "-1", class: "long" }, given), actions, wrong,
    h("section", { class: "card" }, h("h2", {}, t("person.fingers")), fingers),
    isAdmin && history(given));

  async function load() {
    try {
      const found = (await ask("GET", "impressions", { query: { subject: given } })).impressions;
      const byFinger = Map.groupBy ? Map.groupBy(found, (one) => one.finger) : grouped(found);
      fingers.replaceChildren(...[...byFinger].map(([name, ones]) => fingerCard(name, ones)));
      actions.replaceChildren(...[
        h("button", { type: "button", onclick: () => go("verify", given) }, t("person.verify")),
        h("button", { type: "button", class: "second", onclick: () => go("enroll", given) }, t("person.add")),
        isAdmin && h("button", { type: "button", class: "second", onclick: rename }, t("person.rename")),
        isAdmin && h("button", { type: "button", class: "danger second", onclick: () => remove(byFinger.size, found.length) }, t("person.delete")),
      ].filter(Boolean));
    } catch (error) {
      fingers.replaceChildren(error.name === "NotEnrolled" ? h("p", { class: "empty" }, t("person.gone")) : failure(error));
    }
  }

  function fingerCard(name, ones) {
    return h("section", { class: "finger" },
      h("div", { class: "row" }, h("h3", { class: "grow" }, finger(name)),
        isAdmin && h("button", { type: "button", class: "plain", "aria-label": t("person.delete.finger", { finger: finger(name), who: given }), onclick: () => removeFinger(name, ones.length) }, t("person.delete"))),
      h("ul", { class: "plain-list" }, ones.map((one) => h("li", { class: "row" },
        h("div", { class: "grow" }, h("p", {}, t("person.impression", { number: one.impression })), h("p", { class: "soft" }, when(one.enrolled_at))),
        qualityMark(one.quality)))));
  }

  async function remove(count, impressions) {
    const what = t("enroll.sum", { fingers: counted("fingers", count), impressions: counted("impressions", impressions) });
    const question = { title: t("delete.title", { who: given }), lead: t("delete.lead", { who: given, what }), yes: t("delete.yes", { who: given }), dangerous: true };
    if (!(await asked(question))) return;
    await changed(async () => {
      await ask("DELETE", "impressions", { query: { subject: given } });
      go("people");
      say(t("delete.done", { who: given }));
    });
  }

  async function removeFinger(name, impressions) {
    const lead = t("delete.finger", { finger: finger(name), who: given, what: counted("impressions", impressions) });
    const question = { title: t("delete.title", { who: finger(name) }), lead, yes: t("delete.yes.finger", { finger: finger(name) }), dangerous: true };
    if (!(await asked(question))) return;
    await changed(async () => {
      await ask("DELETE", "impressions", { query: { subject: given, finger: name } });
      go("person", given);
      say(t("delete.done", { who: finger(name) }));
    });
  }

  async function rename() {
    const name = lineField(t("rename.new"));
    name.input.value = given;
    const read = () => { if (name.value()) return name.value(); name.complain(t("person.none")); return null; };
    const chosen = await asked({ title: t("rename.title", { who: given }), lead: t("enroll.hint"), yes: t("rename.yes"), content: name.element, read });
    if (!chosen || chosen === given) return;
    await changed(async () => {
      const answer = await ask("PATCH", "subjects", { query: { subject: given }, json: { rename: chosen } });
      go("person", answer.subject);
      say(t("rename.done", { who: given, name: answer.subject }));
    });
  }

  async function changed(change) {
    wrong.replaceChildren();
    try {
      await change();
    } catch (error) {
      showFailure(wrong, error);
    }
  }

  load();
  return view;
}

function grouped(found) {
  const groups = new Map();
  for (const one of found) groups.set(one.finger, [...(groups.get(one.finger) ?? []), one]);
  return groups;
}

/** What the audit trail says of a person, a page at a time. */
function history(subject) {
  const rows = h("tbody", {});
  const more = h("div", { class: "row" });
  const head = ["history.when", "history.what", "history.finger", "history.said"];
  const table = h("table", { class: "history", hidden: true }, h("caption", { class: "unseen" }, t("history")),
    h("thead", {}, h("tr", {}, head.map((key) => h("th", { scope: "col" }, t(key))))), rows);
  const none = h("p", { class: "empty", hidden: true }, t("history.none"));

  async function load(cursor = null) {
    try {
      const found = await ask("GET", "history", { query: { subject, limit: PAGE, cursor } });
      const drawn = found.entries.map((one) => h("tr", {},
        h("td", { "data-head": t("history.when"), tabindex: "-1" }, when(one.at)), h("td", { "data-head": t("history.what") }, action(one.action)),
        h("td", { "data-head": t("history.finger") }, one.finger ? finger(one.finger) : "–"), h("td", { "data-head": t("history.said") }, outcome(one.details))));
      rows.append(...drawn);
      if (cursor) drawn[0]?.cells[0].focus();
      table.hidden = !rows.children.length;
      none.hidden = !table.hidden;
      more.replaceChildren(...(found.next ? [h("button", { type: "button", class: "second", onclick: () => load(found.next) }, t("history.more"))] : []));
    } catch (error) {
      more.replaceChildren(failure(error));
    }
  }

  load();
  return h("section", { class: "card" }, h("h2", {}, t("history")), h("p", { class: "soft" }, t("history.lead")), table, none, more);
}

function action(name) {
  const known = t(`did.${name}`);
  return known.startsWith("did.") ? name : known;
}

function outcome(details) {
  if (typeof details.decision === "string") {
    const known = t(details.decision);
    return known === details.decision ? details.decision : known;
  }
  if (typeof details.renamed === "string") return `→ ${details.renamed}`;
  return typeof details.impression === "number" ? t("person.impression", { number: details.impression }) : "–";
}
