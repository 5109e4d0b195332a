// An answer of the service: the decision large, the numbers folded away.

import { axis } from "./axis.js";
import { h } from "./dom.js";
import { counted, finger, named, number, percent, t } from "./words.js";

const SIGNS = { match: "✓", "non-match": "✕" };

/** The card of a decision; `asked` is verify, identify or compare. */
export function decisionCard(asked, fields, subject) {
  const matched = fields.decision === "match";
  return h("section", { class: `card decision ${matched ? "yes" : "no"}`, "aria-labelledby": "decision" },
    h("h2", { id: "decision", tabindex: "-1" },
      h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[fields.decision]), h("span", {}, t(fields.decision))),
    h("p", { class: "who" }, sentence(asked, fields, subject, matched)),
    !matched && h("p", { class: "soft" }, t("try.again")),
    h("details", { class: "numbers" },
      h("summary", {}, t("numbers")),
      typeof fields.score === "number" && axis(fields.score, fields.threshold, matched),
      h("dl", {}, facts(asked, fields).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
      fields.candidates?.length ? candidates(fields.candidates) : null,
      fields.picture && h("figure", {},
        h("img", { src: `data:image/png;base64,${fields.picture}`, alt: t("picture") }),
        h("figcaption", { class: "soft" }, t("picture")))));
}

function sentence(asked, fields, subject, matched) {
  if (asked === "identify" && !fields.searched) return t("said.identify.empty");
  const best = asked === "identify" && matched ? fields.candidates[0] : { subject: fields.subject ?? subject, finger: fields.finger };
  return t(`said.${asked}.${matched ? "yes" : "no"}`, { who: named(best.subject ?? "", matched ? best.finger : null) });
}

function facts(asked, fields) {
  const lines = [];
  if (typeof fields.score === "number") {
    const score = number(fields.score, 1);
    lines.push([t("score"), fields.extrapolated ? t("score.over", { score }) : score]);
  }
  lines.push([t("threshold"), number(fields.threshold, 1)]);
  if (asked === "identify") {
    lines.push([t("decided"), t("decided.fpir", { rate: percent(fields.fpir) })], [t("searched"), counted("impressions", fields.searched)]);
  } else {
    lines.push([t("decided"), t("decided.fmr", { rate: percent(fields.target_fmr) })]);
    lines.push([t("measured.fmr"), within(fields.fmr, fields.fmr_interval)], [t("measured.fnmr"), within(fields.fnmr, fields.fnmr_interval)]);
    const counts = { evidence: fields.evidence, mated: number(fields.mated, 0), others: number(fields.non_mated, 0) };
    lines.push([t("evidence"), t("evidence.counts", counts)], [t("model"), fields.model]);
  }
  const notes = [fields.ppi_note, fields.inverted && t("inverted"), fields.note].filter(Boolean);
  if (notes.length) lines.push([t("note"), notes.join("; ")]);
  return lines;
}

function within(rate, [low, high]) {
  return t("interval", { rate: percent(rate), low: percent(low), high: percent(high) });
}

function candidates(found) {
  const scored = typeof found[0].score === "number"; // with a key of the scope `scores` alone
  const head = [t("person"), t("finger"), scored && t("score")].filter(Boolean);
  return h("table", {},
    h("caption", {}, t(scored ? "candidates" : "candidates.matching")),
    h("thead", {}, h("tr", {}, head.map((text, k) => h("th", { scope: "col", class: k === 2 && "number" }, text)))),
    h("tbody", {}, found.map((one) => h("tr", { class: one.match && "yes" },
      h("th", { scope: "row" }, one.match && h("span", { "aria-hidden": "true" }, "✓ "), one.subject),
      h("td", {}, finger(one.finger)),
      scored && h("td", { class: "number" }, number(one.score, 1))))));
}
