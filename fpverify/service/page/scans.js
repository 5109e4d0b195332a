// Where scans come from: a file that is chosen, dropped or pasted, or the reader that is connected to the server.

import { fresh, h, say } from "./dom.js";
import { qualityMark } from "./quality.js";
import { CAPTURE, forgetCaptures, printSign, readerSource } from "./reader.js";
import { ask } from "./server.js";
import { errorText, t } from "./words.js";

const KINDS = "image/*,.wsq,.bmp,.tif,.tiff,.pgm,.jp2";
const shown = new Set(); // fields on the page, in their order; what is pasted goes to one of them

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length || !shown.size) return;
  event.preventDefault();
  const fields = [...shown].filter((one) => one.element.checkVisibility());
  const target = fields.find((one) => one.element.contains(document.activeElement))
    ?? fields.find((one) => !one.file()) ?? fields[0];
  target?.take(files);
});
for (const name of ["dragover", "drop"]) { // a scan that misses its field must not replace the page
  window.addEventListener(name, (event) => event.preventDefault());
}

/** Forgets all fields, when others take the page. */
export function forgetFields() {
  shown.clear();
  forgetCaptures();
}

/** A place that scans come to, without more. `take` is called with the files; `asks` is for the reader. */
export function source(label, take, { many = false, large = false, asks = () => "" } = {}) {
  const id = fresh("scan");
  const input = h("input", {
    type: "file", id, class: "unseen", accept: KINDS, multiple: many, "aria-describedby": `${id}-hint`,
    onchange: () => { const files = [...input.files]; input.value = ""; if (files.length) take(files); },
  });
  const name = h("span", {}, label);
  const reader = readerSource(take, { asks });
  const element = h("div", { class: large ? "drop large" : "drop" },
    reader && reader.button,
    input, h("label", { class: "button second", for: id, id: `${id}-name` }, name),
    h("p", { class: "soft hint", id: `${id}-hint` }, t("scan.hint")), reader && reader.said);
  const over = (yes) => (event) => { event.preventDefault(); element.classList.toggle("over", yes); };
  element.addEventListener("dragover", over(true));
  element.addEventListener("dragleave", over(false));
  element.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer.files.length) take([...event.dataTransfer.files].slice(0, many ? undefined : 1));
  });
  const made = {
    element, input, take, file: () => null, rename: (text) => { name.textContent = text; },
  };
  shown.add(made);
  return made;
}

/** A small picture of a file, and what frees it. TIFF and WSQ are read by the server, and shown by no browser. */
export function picture(file) {
  if (file.type === CAPTURE) return h("span", { class: "print captured" }, printSign());
  const url = URL.createObjectURL(file);
  const image = h("img", { alt: "", src: url });
  const free = () => URL.revokeObjectURL(url);
  image.addEventListener("load", free);
  image.addEventListener("error", () => { free(); image.replaceWith(t("scan.unseen")); });
  return h("span", { class: "print" }, image);
}

/** A field for one scan, which says how good it is as soon as it is there. */
export function scanField(label, { changed = () => {}, rates = true } = {}) {
  let file = null;
  const told = h("div", { class: "chosen" });
  const wrong = h("p", { class: "wrong", hidden: true });
  const take = ([given]) => {
    file = given;
    wrong.hidden = true;
    const mark = h("p", { class: "mark soft" }, rates ? t("quality.asking") : "");
    told.replaceChildren(picture(given), h("div", {}, h("p", { class: "name" }, given.name), mark));
    place.rename(t("scan.other"));
    say(t("scan.taken", { name: given.name }));
    if (rates) rate(given, mark, () => file === given);
    changed(given);
  };
  const place = source(t("scan.choose"), take);
  place.file = () => file;
  const title = h("p", { class: "title", id: fresh("title") }, label);
  place.input.setAttribute("aria-labelledby", `${title.id} ${place.input.id}-name`);
  const element = h("div", { class: "scan", role: "group", "aria-labelledby": title.id }, title, told, place.element, wrong);
  return {
    element, input: place.input, file: () => file,
    complain: (text) => { wrong.textContent = text; wrong.hidden = !text; if (text) place.input.focus(); },
  };
}

/** Asks how good a scan is, and puts that in a place. */
async function rate(file, place, isWanted) {
  try {
    const answer = await ask("POST", "quality", { form: [["probe", file]] });
    if (!isWanted()) return;
    place.replaceChildren(qualityMark(answer.quality));
    say(place.textContent);
  } catch (error) {
    if (isWanted()) place.replaceChildren(h("span", { class: "wrong" }, errorText(error)));
  }
}
