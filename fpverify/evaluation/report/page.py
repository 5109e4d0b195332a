"""A report as one HTML file: styles, curves and pictures inside, no script, nothing from a network."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fpverify.evaluation.rates.error_rates import measured
from fpverify.evaluation.rates.false_matches import false_matches_said
from fpverify.evaluation.rates.reliability import ReliabilityPoint
from fpverify.evaluation.report import alternatives, figures
from fpverify.evaluation.report.content import ReportContent
from fpverify.evaluation.report.inline_svg import inline_svg
from fpverify.evaluation.report.looks import letters
from fpverify.extras import require
from fpverify.folders import private
from fpverify.vocabulary import Evaluation

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup
    from matplotlib.figure import Figure

    from fpverify.evaluation.rates.paired import Difference
    from fpverify.evaluation.report.matchers import MatcherRow, MatchersContent

TEMPLATES = Path(__file__).parent / "templates"
DOTS_PER_INCH = 150  # of the PNGs: sharp when printed
CONCENTRATED = 0.5  # share of one pair of fingers in the false matches, from which the gallery says so


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure in a page.

    Attributes:
        id: of the figure, for links to it.
        svg: the element, safe to stand in a page.
        words: below it; often empty.
    """

    id: str
    svg: Markup
    words: str = ""


def report_figures(content: ReportContent) -> dict[str, Figure]:
    """The curves of a report by name."""
    evaluations, curves = _measured_sets(content), _reliability_curves(content)
    if not evaluations:
        return {}
    whole, threshold = content.whole.evaluation, content.point.threshold
    drawn = {
        "det": figures.det(evaluations, threshold, band=True),
        "roc": figures.roc(evaluations, threshold, band=True),
        "histogram": figures.histogram(whole, threshold),
        "rates": figures.rates_over_threshold(whole, content.point),
    }
    if curves:
        drawn["reliability"] = figures.reliability_curves(curves)
    return drawn


def report_alternatives(content: ReportContent) -> dict[str, str]:
    """What each of `report_figures` shows, in words and numbers."""
    evaluations = _measured_sets(content)
    if not evaluations:
        return {}
    whole, threshold = content.whole.evaluation, content.point.threshold
    return {
        "det": alternatives.det_said(evaluations, threshold),
        "roc": alternatives.roc_said(evaluations, threshold),
        "histogram": alternatives.histogram_said(whole, threshold),
        "rates": alternatives.rates_said(whole, threshold),
        "reliability": alternatives.reliability_said(_reliability_curves(content)),
    }


def _measured_sets(content: ReportContent) -> list[Evaluation]:
    """Those that have curves, and of several sets all pooled."""
    evaluations = [one.evaluation for one in content.sets if measured(one.evaluation)]
    return [*evaluations, content.whole.evaluation] if evaluations and len(content.sets) > 1 else evaluations


def _reliability_curves(content: ReportContent) -> dict[str, Sequence[ReliabilityPoint]]:
    curves = {one.evaluation.name: one.reliability for one in content.sets if one.reliability}
    return {**curves, "pooled": content.whole.reliability} if len(content.sets) > 1 else curves


def report_page(content: ReportContent) -> str:
    """The page of a report."""
    said = report_alternatives(content)
    drawn = {name: drawing(figure, f"figure-{name}", said[name]) for name, figure in report_figures(content).items()}
    return _rendered(
        "report.html", content=content, drawn=drawn, summary=summary(content), false_matches=_of_the_gallery(content)
    )


def drawing(figure: Figure, name: str, alternative: str, words: str = "") -> Drawing:
    """A figure for a page; every text in it has been escaped where it was written."""
    from markupsafe import Markup

    return Drawing(name, Markup(inline_svg(figures.as_svg(figure), name, alternative)), words)  # noqa: S704


def matchers_page(content: MatchersContent) -> str:
    """The page that compares matchers."""
    names = [row.name for row in content.rows]
    return _rendered(
        "matchers.html",
        content=content,
        letters=letters(len(names)),
        swatch=_swatches(len(names)),
        curves=_curves_of_matchers(content),
        histograms=_histograms(content),
        differences=_differences(content, names),
    )


def _swatches(count: int) -> Callable[[int], Markup]:
    """A piece of each curve for keys: a new element each time, since no two of a page have one name."""
    drawn, times = [figures.swatch(number) for number in range(count)], itertools.count()
    return lambda number: drawing(drawn[number], f"swatch-{next(times)}", "").svg


def _curves_of_matchers(content: MatchersContent) -> list[tuple[str, Drawing, Drawing]]:
    """DET and ROC of each set, and of all pooled if there are several."""
    drawn = list(content.curves().items())
    if content.has_pooled:
        drawn.append(("all sets pooled", content.pooled_curves()))
    return [
        (
            name or "scores",
            drawing(figures.det(found, small=True), f"det-{number}", alternatives.det_said(found), words),
            drawing(figures.roc(found, small=True), f"roc-{number}", alternatives.roc_said(found), words),
        )
        for number, (name, found) in enumerate(drawn, 1)
        for words in (alternatives.no_errors_said(found),)
    ]


def _histograms(content: MatchersContent) -> list[Drawing]:
    """Of each matcher on all sets, with its own threshold for an FMR of 0.1 %."""
    return [
        drawing(
            figures.histogram(row.whole, threshold := row.pooled["thresholds"]["fmr1000"], small=True),
            f"scores-{number}",
            alternatives.histogram_said(row.whole, threshold),
        )
        for number, row in enumerate(content.rows, 1)
    ]


def _differences(content: MatchersContent, names: Sequence[str]) -> dict[str, Drawing]:
    """Of EER and FMR1000; nothing of a single matcher."""
    drawn = {}
    for rate, title in (("eer", "EER"), ("fmr1000", "FMR1000")):
        found = [_of_sets(content, row, rate) for row in content.rows[1:]]
        if found:
            said = alternatives.differences_said(names, found, title)
            drawn[title] = drawing(figures.differences(found, title), f"less-{rate}", said)
    return drawn


def _of_sets(content: MatchersContent, row: MatcherRow, rate: str) -> dict[str, Difference]:
    """A matcher's differences by set, and pooled if there are several sets."""
    its = {name or "scores": one for name, one in (row.less_best or {})[rate].items()}
    return {**its, "pooled": (row.pooled_less_best or {})[rate]} if content.has_pooled else its


def write_figures(content: ReportContent, folder: Path) -> list[Path]:
    """Writes every figure as SVG and as PNG; the files."""
    folder.mkdir(exist_ok=True)
    written = []
    for name, figure in report_figures(content).items():
        private(folder / f"{name}.svg").write_text(figures.as_svg(figure), encoding="utf-8")
        figure.savefig(private(folder / f"{name}.png"), dpi=DOTS_PER_INCH)
        written += [folder / f"{name}.svg", folder / f"{name}.png"]
    return written


def summary(content: ReportContent) -> list[str]:
    """What a manager has to know, in sentences."""
    whole, point = content.whole.metrics, content.point
    if whole["fnmr"] is None or whole["fmr"] is None:
        return [f"No error rates were measured: {whole['failed']:,} comparisons could not be made."]
    refused, accepted = whole["fnmr"], whole["fmr"]
    bounds = whole["fnmr_interval"], whole["fmr_interval"]
    sentences = [
        f"At the chosen setting, about {_of(refused, 1000)} attempts by the right finger are refused "
        f"(95 % certain: {_of(bounds[0]['low'], 1000, bare=True)} to {_of(bounds[0]['high'], 1000)}), and about "
        f"{_of(accepted, 10_000)} by a wrong finger are accepted "
        f"({_of(bounds[1]['low'], 10_000, bare=True)} to {_of(bounds[1]['high'], 10_000)}).",
        f"That setting was chosen for a false match rate of {100 * point.target_fmr:g} %.",
    ]
    if whole["false_matches"]["count"]:
        sentences.append(f"{false_matches_said(whole['false_matches'])}.")
    if whole["fta"]:
        sentences.append(f"In {_of(whole['fta'], 1000)} scans no usable print was found; such an attempt is refused.")
    fingers = len(set(content.whole.evaluation.fingers))
    sentences.append(
        f"This rests on {whole['mated']:,} comparisons within and {whole['non_mated']:,} between {fingers} fingers"
        f"{'' if fingers >= 50 else ': few, which is why the ranges are wide'}. "
        "It says nothing about forged fingers, and other people or another sensor may give other rates."
    )
    resolution = whole.get("resolution")
    if resolution and resolution["note"]:
        sentences.append(f"On the resolution of the scans: {resolution['note']}.")
    animals = [row.finger for row in content.fingers if row.animal != "sheep"]
    if animals:
        named = ", ".join(animals[:5]) + (", ..." if len(animals) > 5 else "")
        sentences.append(f"Errors are not spread evenly; more than chance explains come from the fingers {named}.")
    return sentences


def _of_the_gallery(content: ReportContent) -> str:
    """What the gallery of false matches does not show: that most of them are of one pair of fingers."""
    found = content.whole.metrics["false_matches"]
    few = found["count"] > 1 and found["worst"]["share"] >= CONCENTRATED
    return f"{false_matches_said(found)}." if few else ""


def _of(rate: float, many: int, *, bare: bool = False) -> str:
    number = rate * many
    text = f"{number:.0f}" if number >= 10 or number == 0 else f"{number:.2g}"
    return text if bare else f"{text} of {many:,}"


def _rendered(template: str, **given: Any) -> str:
    """A page; its table of contents has what the template's headings put into `headings`."""
    return _template(template).render(**given, headings=[])


def _template(name: str) -> Template:
    require("plots", "a page")
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"percent": _percent, "base64": lambda data: base64.b64encode(data).decode()}
    return environment.get_template(name)


def _percent(rate: float | None) -> str:
    return "not measured" if rate is None else f"{100 * rate:.2f}"
