// A question before something that cannot be undone, and what went wrong.

import { fresh, h } from "./dom.js";
import { errorText, t } from "./words.js";

/**
 * Asks, and answers with what was chosen: null for no, otherwise what `read` gives.
 * The browser keeps the focus within a dialog, and gives it back at the end.
 */
export function asked({ title, lead, yes, dangerous = false, content = null, read = () => true }) {
  return new Promise((resolve) => {
    const id = fresh("dialog");
    const before = document.activeElement;
    const end = (answer) => { dialog.close(); dialog.remove(); before?.focus(); resolve(answer); };
    const send = (event) => { event.preventDefault(); const answer = read(); if (answer !== null) end(answer); };
    const dialog = h("dialog", { "aria-labelledby": id, "aria-describedby": `${id}-lead`, oncancel: (event) => { event.preventDefault(); end(null); } },
      h("form", { onsubmit: send, novalidate: true },
        h("h2", { id }, title), h("p", { id: `${id}-lead` }, lead), content,
        h("div", { class: "row end" },
          h("button", { type: "button", class: "second", onclick: () => end(null) }, t("cancel")),
          h("button", { type: "submit", class: dangerous ? "danger" : "" }, yes))));
    document.body.append(dialog);
    dialog.showModal();
    if (!content) dialog.querySelector("button.second").focus(); // what is pressed by mistake changes nothing
  });
}

/** What went wrong: in the page's language, and folded away in the service's own words. */
export function failure(error) {
  const text = errorText(error);
  return h("div", { class: "notice", role: "alert" },
    h("p", { tabindex: "-1" }, text),
    error.message && error.message !== text
      && h("details", {}, h("summary", {}, t("details")), h("p", { lang: "en" }, error.message)));
}

/** Shows that in a place, and goes there. */
export function showFailure(place, error) {
  place.replaceChildren(failure(error));
  place.querySelector("p").focus();
}
