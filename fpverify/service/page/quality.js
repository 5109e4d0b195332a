// The quality of a scan, in words.

import { h } from "./dom.js";
import { t } from "./words.js";

const LEAST = 0.45; // below, the service enrolls nothing
// Measured on unseen synthetic fingers: from 0.6 on one reference in nine is refused too often, from 0.85 on next to none.
const LEVELS = [["poor", LEAST], ["fair", 0.6], ["good", 0.85], ["best", Infinity]];

/** The word for a quality in [0, 1], in no language. */
export function level(quality) {
  return LEVELS.find(([, end]) => quality < end)[0];
}

/** The quality as four bars and a word. */
export function qualityMark(quality) {
  const found = level(quality);
  const full = LEVELS.findIndex(([name]) => name === found) + 1;
  return h("span", { class: `quality ${found}` },
    h("span", { class: "bars", "aria-hidden": "true" },
      LEVELS.map((_, k) => h("i", { class: k < full ? "full" : "" }))),
    h("span", {}, t(`quality.${found}`)));
}
