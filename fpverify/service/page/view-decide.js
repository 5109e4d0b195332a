// Verification, identification, and a comparison of two scans.

import { decisionCard } from "./decisions.js";
import { showFailure } from "./dialogs.js";
import { field, h, lineField, say } from "./dom.js";
import { scanField } from "./scans.js";
import { ask } from "./server.js";
import { FINGERS, finger, t } from "./words.js";

/** The view of verify, identify or compare. */
export function decideView(asked, { given }) {
  const subject = asked === "verify" && lineField(t("person"), t("person.hint"));
  if (subject && given) subject.input.value = given;
  const fingers = asked === "verify" && fingerField();
  const scans = asked === "compare"
    ? [["probe", scanField(t("scan.first"))], ["reference", scanField(t("scan.second"))]] : [["probe", scanField(t("scan"))]];
  const rate = asked === "identify" ? ["fpir", lineField(t("fpir"), t("fmr.hint"), { inputmode: "decimal" })]
    : ["fmr", lineField(t("fmr"), t("fmr.hint"), { inputmode: "decimal" })];
  const ppi = lineField(t("ppi"), t("ppi.hint"), { inputmode: "decimal" });
  const button = h("button", { type: "submit" }, t(`${asked}.send`));
  const result = h("div", { class: "result" });
  const reset = () => result.replaceChildren(h("p", { class: "empty" }, t("waiting.title")));

  async function send(event) {
    event.preventDefault();
    if (button.disabled) return;
    if (subject && !subject.value()) { subject.complain(t("person.none")); return; }
    const lacking = scans.find(([, one]) => !one.file());
    if (lacking) { lacking[1].complain(t("scan.none")); return; }
    const form = [
      ...scans.map(([name, one]) => [name, one.file()]), ["subject", subject ? subject.value() : ""],
      ["finger", fingers ? fingers.value() : ""], [rate[0], entered(rate[1].value())], ["ppi", entered(ppi.value())],
      ["picture", asked === "identify" ? "" : "true"],
    ];
    button.disabled = true;
    result.replaceChildren(h("p", { class: "empty" }, t("working")));
    say(t("working"));
    try {
      const answer = await ask("POST", asked, { form });
      result.replaceChildren(decisionCard(asked, answer, subject ? subject.value() : ""));
      const heading = result.querySelector("h2");
      heading.focus({ preventScroll: true });
      heading.parentElement.scrollIntoView({ block: "nearest" });
    } catch (error) {
      showFailure(result, error);
    } finally {
      button.disabled = false;
    }
  }

  reset();
  return h("div", {},
    h("h1", { tabindex: "-1" }, t(`${asked}.title`)), h("p", { class: "lead" }, t(`${asked}.lead`)),
    h("div", { class: "two" },
      h("form", { class: "card", onsubmit: send, novalidate: true, autocomplete: "off" },
        subject && subject.element,
        h("div", { class: asked === "compare" ? "scans pair" : "scans" }, scans.map(([, one]) => one.element)),
        h("details", {}, h("summary", {}, t("more")), fingers && fingers.element,
          rate[1].element, ppi.element),
        h("div", { class: "row" }, button)),
      result));
}

function fingerField() {
  const select = h("select", { autocomplete: "off" }, h("option", { value: "" }, t("finger.any")),
    FINGERS.map((name) => h("option", { value: name }, finger(name))));
  return field(t("finger"), select);
}

/** A number as the service takes it: a comma for a point, "0.1 %" for 0.001. */
export function entered(text) {
  const plain = text.replace(",", ".");
  const rate = /^(.*\S)\s*%$/.exec(plain);
  return rate && !Number.isNaN(Number(rate[1])) ? String(Number(rate[1]) / 100) : plain;
}
