// What of a finger is covered by its touches: a small map, a bar, and what more touches are worth.

import { h, svg } from "./dom.js";
import { number, t } from "./words.js";

/** A map of the fingertip, the darker the likelier it is found again; null where the model knows no places. */
function map(rows) {
  if (!rows.length) return null;
  const cells = rows.flatMap((row, y) => [...row].map((tenth, x) => tenth !== " "
    && svg("rect", { x, y, width: 1, height: 1, class: "skin" + (tenth > "0" ? " seen" : ""), "fill-opacity": tenth > "0" ? (Number(tenth) + 1) / 10 : 1 })));
  return svg("svg", { viewBox: `-0.5 -0.5 ${rows[0].length + 1} ${rows.length + 1}`, class: "map", "aria-hidden": "true" }, cells.filter(Boolean));
}

/** How well a finger is covered, from what the service says of its touches. */
export function coverageOf({ map: rows, covered }) {
  const share = number(100 * covered, 0);
  const bar = h("span", { class: "rail" }, h("span", { class: "bar" }));
  bar.firstChild.style.setProperty("--at", `${100 * covered}%`);
  return h("div", { class: "coverage" }, map(rows),
    h("div", {}, h("p", {}, t("covered", { share })), h("div", { "aria-hidden": "true" }, bar),
      h("details", {}, h("summary", {}, t("worth")), h("p", { class: "soft" }, t("worth.lead")),
        h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("worth.kept")), h("th", { scope: "col", class: "number" }, t("worth.small")))),
          h("tbody", {}, WORTH.map(([kept, missed]) => h("tr", {}, h("th", { scope: "row" }, t(`worth.${kept}`)), h("td", { class: "number" }, t("worth.of", { count: number(missed, 0) })))))))));
}

// Measured (docs/readers.md): how many of 100 tries of the enrolled finger are refused, at a false match rate of 0.1 %.
export const WORTH = [[1, 40], [3, 26], [5, 19]];
