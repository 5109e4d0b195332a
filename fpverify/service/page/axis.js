// Where a score lies: one scale for all scores, so that two pictures of it can be compared.

import { h } from "./dom.js";
import { number, t } from "./words.js";

const END = 60; // of the axis: a false match rate of one in a million, about as far as any evidence reaches
const STEP = 10; // between its marks: a tenth of the rate

/** The axis of a score and the threshold it is held against. */
export function axis(score, threshold, matched) {
  const beyond = score > END;
  const said = t(beyond ? "axis.beyond" : "axis.said", { score: number(score, 1), threshold: number(threshold, 1) });
  const at = (element, value) => {
    element.style.setProperty("--at", `${(100 * Math.min(Math.max(value, 0), END)) / END}%`);
    return element;
  };
  const marks = Array.from({ length: END / STEP + 1 }, (_, k) => k * STEP);
  return h("div", { class: `axis ${matched ? "yes" : "no"}`, role: "img", "aria-label": said },
    h("div", { class: "rail" },
      at(h("div", { class: beyond ? "bar beyond" : "bar" }), score),
      at(h("div", { class: "threshold" }, h("span", {}, t("axis.threshold", { threshold: number(threshold, 1) }))), threshold)),
    h("div", { class: "marks" }, marks.map((mark) => at(h("span", {}, number(mark, 0)), mark))),
    h("p", { class: "soft" }, t("axis.scale")));
}
