// Signing in: the one moment at which the page has a key.

import { showFailure } from "./dialogs.js";
import { h, lineField } from "./dom.js";
import { ask } from "./server.js";
import { t } from "./words.js";

/** The view; `enter` is called with the session. */
export function signInView({ enter, ended }) {
  const key = lineField(t("sign.key"), t("sign.hint"), { class: "secret", maxlength: 512 });
  const wrong = h("div", {});
  const button = h("button", { type: "submit" }, t("sign.in"));

  async function send(event) {
    event.preventDefault();
    if (button.disabled) return;
    if (!key.value()) { key.complain(t("sign.none")); return; }
    button.disabled = true;
    wrong.replaceChildren();
    try {
      const session = await ask("POST", "session", { key: key.value() });
      key.input.value = "";
      enter(session);
    } catch (error) {
      if (error.name === "Unauthorized") key.complain(t("sign.bad"));
      else showFailure(wrong, error);
    } finally {
      button.disabled = false;
    }
  }

  return h("form", { class: "card sign-in", onsubmit: send, novalidate: true, autocomplete: "off" },
    h("h1", { tabindex: "-1" }, t("sign.title")), h("p", { class: "lead" }, t("sign.lead")),
    ended && h("p", { class: "notice", role: "status" }, t("sign.ended")),
    key.element, h("div", { class: "row" }, button), wrong);
}
