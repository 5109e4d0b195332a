// The frame of the page: who is signed in, which views that opens, and which of them is shown.
//
// Which view is shown stands in the address; whom it shows does not, so that no history of a browser names anybody.

import { h, say } from "./dom.js";
import { setReader } from "./reader.js";
import { forgetFields } from "./scans.js";
import { allows, ask } from "./server.js";
import { decideView } from "./view-decide.js";
import { enrollView } from "./view-enroll.js";
import { kioskScreen, kioskView } from "./view-kiosk.js";
import { peopleView } from "./view-people.js";
import { personView } from "./view-person.js";
import { signInView } from "./view-sign-in.js";
import { LANGUAGES, errorText, language, t } from "./words.js";

const VIEWS = { // in the order of the navigation; the scope that each takes
  verify: ["verify", (given) => decideView("verify", given)],
  identify: ["verify", (given) => decideView("identify", given)],
  compare: ["scores", (given) => decideView("compare", given)],
  enroll: ["enroll", enrollView],
  people: ["enroll", peopleView],
  kiosk: ["verify", kioskView],
};
const page = document.getElementById("page");
let session = null;
let leave = () => {}; // ends what the present view has going on

function asked() {
  return location.hash.replace(/^#\/?/, "").split("/")[0];
}

/** Shows a view; `given` is whom it is about, kept nowhere but here. */
function go(name, given = null) {
  history.pushState(null, "", `#/${name}`);
  show(given);
}

function show(given = null, ended = false) {
  leave();
  leave = () => {};
  forgetFields();
  setReader(session?.reader);
  for (const one of document.querySelectorAll("dialog")) one.remove();
  document.body.classList.toggle("kiosk", Boolean(session?.kiosk));
  if (!session) showSignIn(ended);
  else if (session.kiosk) showKiosk();
  else showView(given);
}

function showSignIn(ended) {
  const view = signInView({ ended, enter: (found) => { session = found; show(); } });
  page.replaceChildren(head(), h("main", { id: "main" }, view));
  document.title = `${t("sign.title")} · ${t("title")}`;
  view.querySelector("input").focus();
}

function showKiosk() {
  const [, , mode, from] = location.hash.split("/");
  const [view, end] = kioskScreen({ mode: mode === "identify" ? mode : "verify", from: session.reader ? from : "file", signOut });
  leave = end;
  page.replaceChildren(h("main", { id: "main" }, view));
  document.title = `${t("kiosk.title")} · ${t("title")}`;
}

function showView(given) {
  const open = Object.keys(VIEWS).filter((name) => allows(session, VIEWS[name][0]));
  const name = open.includes(asked()) ? asked() : asked() === "person" && given && open.includes("people") ? "person" : open[0];
  const make = name === "person" ? personView : VIEWS[name][1];
  const view = make({ session, given, go, narrow });
  page.replaceChildren(
    h("a", { class: "skip", href: "#main", onclick: (event) => { event.preventDefault(); view.querySelector("h1").focus(); } }, t("skip")),
    head(open, name === "person" ? "people" : name), h("main", { id: "main" }, view));
  const heading = view.querySelector("h1");
  document.title = `${t(`nav.${name === "person" ? "people" : name}`)} · ${t("title")}`; // browsers keep titles, too
  heading.focus();
  window.scrollTo(0, 0);
}

function head(open = [], present = "") {
  return h("header", { class: "head" },
    h("p", { class: "brand" }, t("title")),
    open.length > 0 && h("nav", { "aria-label": t("nav") }, h("ul", {}, open.map((name) => h("li", {},
      h("a", { href: `#/${name}`, "aria-current": name === present && "page", onclick: (event) => { event.preventDefault(); go(name); } }, t(`nav.${name}`)))))),
    h("div", { class: "about" },
      languages(),
      session && h("span", { class: "soft key" }, t("signed", { key: session.key })),
      session && h("button", { type: "button", class: "plain", onclick: signOut }, t("sign.out"))));
}

function languages() {
  const change = (name) => (event) => {
    event.preventDefault();
    document.documentElement.lang = name;
    history.replaceState(null, "", `?lang=${name}${location.hash}`);
    show();
    document.querySelector("[data-language]")?.focus();
  };
  return Object.entries(LANGUAGES).filter(([name]) => name !== language()).map(([name, [own]]) =>
    h("a", { href: `?lang=${name}`, lang: name, hreflang: name, "data-language": name, onclick: change(name) }, own));
}

async function narrow(mode, from) {
  session = await ask("PUT", "session");
  history.replaceState(null, "", `#/kiosk/${mode}/${from}`);
  show();
}

async function signOut() {
  try {
    await ask("DELETE", "session");
  } catch (error) {
    if (error.name !== "Unauthorized") { // one that has ended is ended
      document.getElementById("main").prepend(h("p", { class: "notice", role: "alert" }, `${t("sign.out.not")} ${errorText(error)}`));
      return;
    }
  }
  session = null;
  history.replaceState(null, "", "#/");
  show();
  say(t("sign.title"));
}

window.addEventListener("popstate", () => show());
window.addEventListener("signed-out", () => {
  if (!session) return;
  session = null;
  show(null, true);
});
try {
  session = await ask("GET", "session");
} catch {
  session = null;
}
show();
