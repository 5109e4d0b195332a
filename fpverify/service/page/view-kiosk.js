// A screen that strangers stand before: it asks, says yes or no, and forgets.
//
// Who is refused learns nothing: not how near it was, not who is enrolled, not whether an id is known or locked.

import { asked, showFailure } from "./dialogs.js";
import { h, lineField } from "./dom.js";
import { capture, printSign } from "./reader.js";
import { source } from "./scans.js";
import { ask } from "./server.js";
import { t } from "./words.js";

const SHOWN_S = 6; // an answer, which is read in two
const FORGOTTEN_S = 30; // an id that was typed, and no finger came
const UNREAD = ["FailureToAcquire", "SeveralPrints", "UnreadableScan", "ScanError", "NotAScan", "UnsupportedResolution", "ScanTooLarge", "UnusableCapture"];
const CLOSED = ["NoReader", "SeveralReaders", "ReaderUnplugged", "ReaderBusy", "ReaderError", "CaptureGone", "TooManyTries", "TooManyRequests", "NoAnswer", "NoServer", "Timeout", "StoreLocked", "InternalError", "HttpError"];

/** The view that starts it. */
export function kioskView({ session, narrow }) {
  const wrong = h("div", {});
  const choice = (name, value, checked) => {
    const input = h("input", { type: "radio", name, value, id: `${name}-${value}`, checked });
    return h("div", { class: "check" }, input, h("label", { for: input.id }, t(`kiosk.${value}`)));
  };
  const form = h("form", { class: "card narrow", onsubmit: start, autocomplete: "off" },
    h("fieldset", {}, h("legend", {}, t("kiosk.how")), choice("mode", "verify", true), choice("mode", "identify", false)),
    session.reader && h("fieldset", {}, h("legend", {}, t("kiosk.from")), choice("from", "reader", true), choice("from", "file", false)),
    h("p", { class: "soft" }, t("kiosk.warn")), h("div", { class: "row" }, h("button", { type: "submit" }, t("kiosk.start"))), wrong);

  async function start(event) {
    event.preventDefault();
    try {
      const chosen = new FormData(form);
      await narrow(chosen.get("mode"), chosen.get("from") ?? "file");
    } catch (error) {
      showFailure(wrong, error);
    }
  }

  return h("div", {}, h("h1", { tabindex: "-1" }, t("kiosk.title")), h("p", { class: "lead" }, t("kiosk.lead")), form);
}

/** The screen, and what ends it. */
export function kioskScreen({ mode, from, signOut }) {
  const stage = h("div", { class: "stage" });
  const view = h("div", { class: "kiosk-screen" }, stage, h("button", { type: "button", class: "plain leave", onclick: leaveIt }, t("kiosk.leave")));
  let timer = 0;
  let stop = new AbortController(); // of a finger that is waited for
  const after = (seconds, act) => { clearTimeout(timer); timer = setTimeout(act, 1000 * seconds); };

  function start() {
    clearTimeout(timer);
    stop.abort();
    if (mode === "verify") askId();
    else askFinger("");
  }

  function askId() {
    const id = lineField(t("kiosk.id"), "", { class: "large" });
    id.input.addEventListener("input", () => after(FORGOTTEN_S, start));
    const go = (event) => {
      event.preventDefault();
      if (id.value()) askFinger(id.value());
      else id.complain(t("person.none"));
    };
    stage.replaceChildren(h("form", { onsubmit: go, novalidate: true, autocomplete: "off" },
      h("h1", { class: "unseen" }, t("kiosk.id")), id.element, h("button", { type: "submit", class: "large" }, t("kiosk.go"))));
    id.input.focus();
  }

  function askFinger(subject) {
    if (from === "reader") { waitFor(subject); return; }
    if (subject) after(FORGOTTEN_S, start);
    const place = source(t("kiosk.scan"), ([file]) => decide(subject, file), { large: true });
    stage.replaceChildren(h("h1", { tabindex: "-1" }, t("kiosk.finger")), place.element);
    place.input.focus();
  }

  async function waitFor(subject) {
    const own = stop = new AbortController();
    const title = h("h1", { tabindex: "-1", role: "status" }, t("reader.opening"));
    stage.replaceChildren(h("div", { class: "finger-here" }, printSign()), title);
    title.focus();
    try {
      decide(subject, await capture(() => { title.textContent = t("kiosk.finger"); }, own));
    } catch (error) {
      if (own.signal.aborted || error.name === "Unauthorized") return;
      if (error.name === "NothingCaptured") start(); // nobody is there
      else show(...refusalOf(error));
    }
  }

  const refusalOf = (error) => (UNREAD.includes(error.name) ? ["wait", "↻", "kiosk.unread", "kiosk.unread.more"]
    : CLOSED.includes(error.name) ? ["wait", "–", "kiosk.closed", "kiosk.closed.more"] : ["no", "✕", "kiosk.no", "kiosk.no.more"]);

  async function decide(subject, file) {
    clearTimeout(timer);
    stage.replaceChildren(h("h1", { tabindex: "-1", role: "status" }, t("working")));
    const form = [["probe", file], ["subject", subject]];
    let told = ["no", "✕", "kiosk.no", "kiosk.no.more"];
    try {
      const answer = await ask("POST", subject ? "verify" : "identify", { form });
      if (answer.decision === "match") told = ["yes", "✓", "kiosk.yes", null, subject || answer.candidates[0].subject];
    } catch (error) {
      told = refusalOf(error);
    }
    show(...told);
  }

  function show(kind, sign, title, more, name = "") {
    const said = h("div", { class: `said ${kind}`, role: "alert" },
      h("p", { class: "sign", "aria-hidden": "true" }, sign), h("h1", { tabindex: "-1" }, t(title)),
      name && h("p", { class: "name" }, name), more && h("p", {}, t(more)));
    stage.replaceChildren(said, h("div", { class: "clock", "aria-hidden": "true" }, h("i", {})),
      h("button", { type: "button", class: "second large", onclick: start }, t("kiosk.done")));
    said.querySelector("h1").focus();
    after(SHOWN_S, start);
  }

  async function leaveIt() {
    if (await asked({ title: t("kiosk.leave.title"), lead: t("kiosk.leave.lead"), yes: t("kiosk.leave") })) signOut();
  }

  requestAnimationFrame(start); // when it is on the page, and can take the focus
  return [view, () => { clearTimeout(timer); stop.abort(); }];
}
