// Elements, made without any HTML in texts.

/** An element: attributes by name, `on...` listeners, `class`; children are elements, texts, or nothing. */
export function h(name, given = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

/** The same of an SVG. */
export function svg(name, given = {}, children = []) {
  const element = document.createElementNS("http" + "://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(given)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

let count = 0;

/** An id that no other element has. */
export function fresh(stem) {
  count += 1;
  return `${stem}-${count}`;
}

/** Says something to those who hear the page. */
export function say(text) {
  const place = document.getElementById("said");
  place.textContent = "";
  setTimeout(() => { place.textContent = text; }, 60); // the same again is said again
}

/** A field with its label, a hint and a place for what is wrong with it. */
export function field(label, input, hint = "") {
  const id = input.id || fresh("field");
  const [hintId, wrongId] = [`${id}-hint`, `${id}-wrong`];
  input.id = id;
  if (hint) input.setAttribute("aria-describedby", hintId);
  const wrong = h("p", { class: "wrong", id: wrongId, hidden: true });
  const element = h("div", { class: "field" },
    h("label", { for: id }, label), hint && h("p", { class: "soft", id: hintId }, hint), input, wrong);
  const complain = (text) => {
    wrong.hidden = !text;
    wrong.textContent = text;
    input.toggleAttribute("aria-invalid", Boolean(text));
    if (text) input.setAttribute("aria-invalid", "true");
    const described = [hint && hintId, text && wrongId].filter(Boolean).join(" ");
    if (described) input.setAttribute("aria-describedby", described);
    else input.removeAttribute("aria-describedby");
    if (text) input.focus();
  };
  input.addEventListener("input", () => { if (!wrong.hidden) complain(""); });
  return { element, input, complain, value: () => input.value.trim() };
}

/** A field for a line of text that no browser keeps. */
export function lineField(label, hint = "", more = {}) {
  return field(label, h("input", {
    type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", maxlength: 256, ...more,
  }), hint);
}
