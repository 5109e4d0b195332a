"""A report as its readers have it: by eye in light, dark and grey, by ear, on a desk, on a phone and on paper."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import numpy as np
import pytest

from fpverify.evaluation import write_scores
from fpverify.evaluation.rates.error_rates import equal_error_rate, error_rates, fnmr_at_fmr
from fpverify.evaluation.rates.paired import eer_difference, fnmr_difference
from fpverify.evaluation.rates.summary import indicators, metrics
from fpverify.evaluation.report import alternatives, figures, looks
from fpverify.evaluation.report.content import report_content
from fpverify.evaluation.report.gallery import Pair
from fpverify.evaluation.report.inline_svg import VARIABLES, inline_svg
from fpverify.evaluation.report.matchers import MatchersContent, matchers_content, read_matchers
from fpverify.evaluation.report.page import TEMPLATES, matchers_page, report_page
from fpverify.vocabulary import Evaluation, Interval, OperatingPoint

POINT = OperatingPoint(0.01, 20.0, 0.01, 0.02, Interval(0, 1), Interval(0, 1), 0.0, 9, 9, "made up", "m")
ROOT = Path(__file__).parents[3]
AXE = [Path(os.environ.get("FPVERIFY_AXE", "")), ROOT / "node_modules" / "axe-core" / "axe.min.js"]
DESK, PHONE = (1280, 800), (390, 844)
STYLE = (TEMPLATES / "style.css").read_text(encoding="utf-8")
DOT = bytes.fromhex(  # a PNG of one pixel
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)


def made_up(name: str = "set", seed: int = 0, gap: float = 25) -> Evaluation:
    rng = np.random.default_rng(seed)
    finger = np.repeat(np.arange(8), 4)
    probe, reference = (side.astype(np.int32) for side in np.triu_indices(len(finger), 1))
    mated = finger[probe] == finger[reference]
    scores = np.where(mated, rng.normal(gap, 10, len(mated)), rng.normal(2, 7, len(mated)))
    scores[:3] = -np.inf  # failed
    scans = tuple(f"{f}_{k % 4}" for k, f in enumerate(finger.tolist()))
    return Evaluation(
        scans, tuple(map(str, finger.tolist())), probe, reference, mated, scores, name, "dense", "0" * 64, "m"
    )


@pytest.fixture(scope="module")
def sets() -> list[Evaluation]:
    return [made_up("optical"), made_up("thermal", 1, 18)]


@pytest.fixture(scope="module")
def report(sets: list[Evaluation]) -> str:
    found = [metrics(one, POINT) for one in sets]
    pair = Pair("optical", "1_1", "1_2", mated=True, score=3.25, match=False, why="Too little in common.", png=DOT)
    provenance = {"command": "fpverify evaluate " + "a-long-name/" * 30}
    content = report_content(
        "Of a-very-long-name/without-any-space/that-a-phone/has-no-room-for",
        sets,
        found,
        POINT,
        pooled_figures=found[0],
        pairs=(pair,),
        provenance=provenance,
    )
    return report_page(content)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> MatchersContent:
    folder = tmp_path_factory.mktemp("scores")
    for matcher, gap in (("good", 40.0), ("middling_with_a_long_name", 20.0), ("poor", 12.0)):
        for number, name in enumerate(("optical", "thermal")):
            write_scores(made_up(name, number, gap), folder / f"{matcher}__{name}.csv")
    return matchers_content("Compared", read_matchers(sorted(folder.iterdir())), {"command": "x" * 300})


@pytest.fixture(scope="module")
def comparison(compared: MatchersContent) -> str:
    return matchers_page(compared)


@pytest.fixture(params=["report", "comparison"])
def page(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(request.param))


def figures_of(page: str) -> dict[str, tuple[str, str]]:
    """By id: the figure's heading, and its text alternative."""
    found = re.findall(
        r'<figure class="plot" id="([^"]+)"><h3><a href="#\1">([^<]*)</a></h3>\s*'
        r'<svg [^>]*?role="img" aria-label="([^"]*)"',
        page,
    )
    return {name: (title, said) for name, title, said in found}


# --- contents -------------------------------------------------------------------------------------------------------


def test_contents_name_every_heading_in_order(page: str) -> None:
    headings = re.findall(r'<h2 id="([^"]+)"><a href="#\1">([^<]+)</a></h2>', page)
    assert len(headings) == page.count("<h2") >= 4
    menus = re.findall(r'<nav class="contents (?:desk|phone)".*?</nav>', page, re.S)
    assert len(menus) == 2
    for menu in menus:
        assert re.findall(r'<a href="#([^"]+)">([^<]+)</a>', menu) == headings


def test_every_name_in_a_page_is_there_once_and_every_reference_leads_to_one(page: str) -> None:
    names = re.findall(r'\sid="([^"]+)"', page)
    assert sorted(names) == sorted(set(names))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(names)
    assert set(re.findall(r"url\(#([^)]+)\)", page)) <= set(names)


# --- text alternatives ----------------------------------------------------------------------------------------------


def test_every_figure_has_words_with_numbers(page: str) -> None:
    found = figures_of(page)
    assert len(found) == page.count('<figure class="plot"') >= 5
    for name, (_, said) in found.items():
        assert len(re.findall(r"\d", said)) >= 4, (name, said)
    drawings = re.findall(r"<svg ([^>]*)>", page)
    assert len([one for one in drawings if 'role="img"' in one]) == len(found)
    assert [one for one in drawings if 'role="img"' not in one and 'aria-hidden="true"' not in one] == []


def test_the_words_of_a_det_and_an_roc_are_the_rates(sets: list[Evaluation]) -> None:
    det, roc = alternatives.det_said(sets, 20.0), alternatives.roc_said(sets, 20.0)
    for letter, one in zip("AB", sets, strict=True):
        sides = one.mated_scores, one.non_mated_scores
        for rate, shown in ((0.01, "1 %"), (0.001, "0.1 %")):
            missed = fnmr_at_fmr(*sides, rate)
            assert f"{100 * missed:.3g} % at FMR {shown}" in det
            assert f"{100 * (1 - missed):.3g} % at FMR {shown}" in roc
        assert f"EER {100 * equal_error_rate(*sides):.3g} %" in det
        there = f"FMR {100 * (sides[1] >= 20).mean():.3g} % and FNMR {100 * (sides[0] < 20).mean():.3g} %"
        assert there in det
        assert there in roc
        assert f"{letter} {one.name}: " in det


def test_the_words_of_a_histogram_leave_failures_out(sets: list[Evaluation]) -> None:
    one = sets[0]
    said = alternatives.histogram_said(one, 20.0)
    for kind, side in (("mated", one.mated), ("non-mated", ~one.mated)):
        made = one.scores[side & np.isfinite(one.scores)]
        assert f"{len(made)} {kind} scores from {made.min():.4g} to {made.max():.4g}" in said
        assert f"half of them above {np.median(made):.4g}, {100 * (made >= 20).mean():.3g} % at or above 20" in said


def test_the_words_of_the_rates_say_from_where_there_is_no_false_match(sets: list[Evaluation]) -> None:
    thresholds, fmr, _ = error_rates(sets[0].mated_scores, sets[0].non_mated_scores)
    said = alternatives.rates_said(sets[0], 20.0)
    assert f"no false match from {thresholds[fmr == 0][0]:.4g}." in said
    assert f"FMR {100 * (sets[0].non_mated_scores >= 20).mean():.3g} %" in said


def test_the_words_of_a_picture_say_how_the_pair_scored(report: str) -> None:
    (said,) = re.findall(r'<img alt="([^"]*)"', report)
    assert said.endswith("mated, score 3.2, non-match. Too little in common.")


# --- seen in grey and in both schemes -------------------------------------------------------------------------------


def strokes(svg: str) -> list[tuple[str, str]]:
    """Of every curve with a marker in a figure, its dashes and its marker's shape."""
    root = Xml.fromstring(svg)  # noqa: S314
    shapes = {one.get("id"): one.get("d") for one in root.iter("path") if one.get("id")}
    found = []
    for group in root.iter("g"):
        path, uses = group.find("path"), group.find("g/use")
        if path is not None and uses is not None and "fill:none" in str(path.get("style")):
            dashes = re.search(r"stroke-dasharray:([^;]*)", str(path.get("style")))
            found.append((dashes[1] if dashes else "", str(shapes[str(uses.get("href"))[1:]])))
    return list(dict.fromkeys(found))  # the legend shows them again


def test_curves_differ_in_line_and_in_marker_without_any_colour() -> None:
    many = [made_up(str(number), number) for number in range(6)]
    for figure in (figures.det(many), figures.roc(many)):
        found = strokes(inline_svg(figures.as_svg(figure), "x", "x"))
        assert len(found) == 6
        assert all(one[0] != other[0] and one[1] != other[1] for one, other in combinations(found, 2))


def test_forty_curves_differ_in_line_or_marker() -> None:
    found = [(str(look["linestyle"]), look["marker"]) for look in looks.looks(42)]
    assert len(set(found)) == 42


def test_every_curve_within_the_axes_bears_its_letter(sets: list[Evaluation]) -> None:
    for figure in (figures.det(sets), figures.roc(sets)):
        (axes,) = figure.axes
        written = {text.get_text(): text.get_position() for text in axes.texts}
        assert set(written) == {"A", "B"}
        assert np.linalg.norm(np.subtract(*written.values())) > 0.03
    assert list(figures.det(sets[:1]).axes[0].texts) == []
    assert [looks.letter(number) for number in (0, 25, 26, 27, 52)] == ["A", "Z", "AA", "AB", "BA"]


def variables(dark: bool) -> dict[str, str]:
    """The colours of a scheme, by name."""
    light, _, rest = STYLE.partition("@media screen and (prefers-color-scheme: dark)")
    text = rest.partition("\n}\n")[0] if dark else light
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", text))


def contrast(one: str, other: str) -> float:
    """Source: WCAG 2.2, relative luminance and contrast ratio."""

    def luminance(colour: str) -> float:
        parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_colours_stand_out_from_the_paper(dark: bool) -> None:
    colours = variables(dark)
    assert set(colours) == set(variables(not dark))
    for name in ("ink", "soft", "link"):
        assert min(contrast(colours[name], colours[ground]) for ground in ("paper", "tint")) >= 4.5, name
    for name in ("guide", "accent", *(f"curve-{number}" for number in range(1, 7))):
        assert contrast(colours[name], colours["paper"]) >= 3, name
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # as published


def test_the_light_colours_are_those_of_the_figures() -> None:
    own = {f"var(--{name})": colour for name, colour in variables(dark=False).items()}
    for colour, variable in VARIABLES.items():
        assert variable == "currentColor" or own[variable] == colour


def test_no_figure_of_a_page_has_a_colour_of_its_own(page: str) -> None:
    drawings = re.findall(r"<svg .*?</svg>", page, re.S)
    assert [one for drawing in drawings for one in re.findall(r"#[0-9a-fA-F]{6}\b", drawing)] == []
    assert "var(--curve-1)" in "".join(drawings)


def test_dark_is_for_screens_alone() -> None:
    assert re.findall(r"@media ([^{]*)prefers-color-scheme: dark", STYLE) == ["screen and ("]


def test_names_that_look_like_markup_stay_text_in_a_figure() -> None:
    evil = 'id="x" url(#a) #1b3a5c <b>'
    svg = inline_svg(figures.as_svg(figures.det([made_up(evil)])), "name", f'says "{evil}"')
    root = Xml.fromstring(svg)  # noqa: S314
    assert root.get("aria-label") == f'says "{evil}"'
    assert evil in [text.text for text in root.iter("text")]


# --- matchers -------------------------------------------------------------------------------------------------------


def cells(page: str, table: str) -> list[list[str]]:
    text = re.search(rf'<table id="{table}">(.*?)</table>', page, re.S)
    assert text is not None
    rows = re.findall(r"<tr.*?</tr>", text[1], re.S)
    return [
        [
            " ".join(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", cell, flags=re.S).split())
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)
        ]
        for row in rows
    ]


def by_hand(content: MatchersContent, number: int) -> Evaluation:
    """All sets of a matcher in one, their fingers and scans kept apart."""
    both = list(content.rows[number].evaluations.values())
    count = len(both[0].scans)
    return replace(
        both[0],
        scans=tuple(f"{one.name}/{scan}" for one in both for scan in one.scans),
        fingers=tuple(f"{one.name}/{finger}" for one in both for finger in one.fingers),
        probe=np.concatenate([one.probe + count * place for place, one in enumerate(both)]),
        reference=np.concatenate([one.reference + count * place for place, one in enumerate(both)]),
        mated=np.concatenate([one.mated for one in both]),
        scores=np.concatenate([one.scores for one in both]),
    )


def test_the_pooled_row_is_the_evaluation_of_all_scores(compared: MatchersContent, comparison: str) -> None:
    plain = compared.to_dict()["matchers"]
    for number, row in enumerate(compared.rows):
        wanted = indicators(by_hand(compared, number))
        for name in ("eer", "fmr100", "fmr1000", "zerofmr", "eer_interval", "curve"):
            assert row.pooled[name] == wanted[name]
            assert plain[number]["pooled"][name] == wanted[name]
        for table, rate in (("glance-eer", "eer"), ("glance-fmr1000", "fmr1000")):
            assert cells(comparison, table)[-1][number + 1].split()[0] == f"{100 * wanted[rate]:.2f}"


def test_differences_are_those_of_the_same_fingers(compared: MatchersContent) -> None:
    best = compared.rows[0]
    for row in compared.rows[1:]:
        assert row.less_best is not None
        assert row.pooled_less_best is not None
        for name in compared.sets:
            pair = row.evaluations[name], best.evaluations[name]
            assert row.less_best["eer"][name] == eer_difference(*pair)
            assert row.less_best["fmr1000"][name] == fnmr_difference(*pair, 0.001)
        assert row.pooled_less_best["eer"] == eer_difference(row.whole, best.whole)


def test_a_glance_has_every_set_and_matcher_and_marks_the_best(compared: MatchersContent, comparison: str) -> None:
    heads, *rows = cells(comparison, "glance-eer")
    assert heads == ["set", "A good", "B middling_with_a_long_name", "C poor"]
    assert [row[0] for row in rows] == ["optical", "thermal", "mean of the sets", "pooled, one threshold"]
    for row, name in zip(rows, compared.sets, strict=False):
        lowest = min(one.metrics[name]["eer"] for one in compared.rows)
        for cell, one in zip(row[1:], compared.rows, strict=True):
            assert cell.startswith(f"{100 * one.metrics[name]['eer']:.2f}")
            assert cell.endswith("the best") == (one.metrics[name]["eer"] == lowest)


def test_every_set_and_all_pooled_have_their_curves(compared: MatchersContent, comparison: str) -> None:
    found = figures_of(comparison)
    titles = ["optical", "thermal", "all sets pooled"]
    assert [found[f"det-{k}"][0] for k in (1, 2, 3)] == [found[f"roc-{k}"][0] for k in (1, 2, 3)] == titles
    assert [found[f"scores-{k}"][0] for k in (1, 2, 3)] == ["A good", "B middling_with_a_long_name", "C poor"]
    poor, best = compared.rows[2], compared.rows[0]
    one = eer_difference(poor.whole, best.whole)
    assert f"pooled {100 * one.value:+.2f} ({100 * one.low:+.2f} to {100 * one.high:+.2f})" in found["less-eer"][1]


def test_matchers_without_errors_are_named_below_small_curves() -> None:
    kinds = np.where(made_up().mated, 100.0, 1.0)
    found = {"sure": {"a": replace(made_up(), scores=kinds)}, "poor": {"a": made_up()}}
    page = matchers_page(matchers_content("Both", found))
    said = "A sure: no errors, which leaves FMR below 0.82 % and FNMR below 7.4 %."
    assert page.count(f"<figcaption>{said}</figcaption>") == 2
    assert figures.roc(matchers_content("Both", found).curves()["a"]).axes[0].texts[0].get_text() == "A"


def test_one_set_of_one_matcher_has_nothing_to_compare_or_pool() -> None:
    page = matchers_page(matchers_content("One", {"ours": {"": made_up()}}))
    assert [name for name in ("pooled", "the best", 'class="best"', 'id="differences"') if name in page] == []
    assert set(figures_of(page)) == {"det-1", "roc-1", "scores-1"}


# --- in a browser ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    pytest.importorskip("websocket")
    from browser import CHROMIUM, running_browser

    if not CHROMIUM:
        pytest.skip("no chromium on the path, and none in FPVERIFY_CHROMIUM")
    with running_browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture
def shown(browser: Any, page: str, tmp_path: Path) -> Any:
    """The browser with a report."""
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    browser.size(*DESK)
    browser.scheme("light")
    browser.open((tmp_path / "page.html").as_uri())
    return browser


BEYOND = """[...document.querySelectorAll('body *')].filter((one) => !one.closest('.wide, svg, .skip, .read')
  && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 80))"""


@pytest.mark.slow
def test_nothing_but_tables_scrolls_sideways_on_a_phone(shown: Any) -> None:
    for width in (390, 320, 1280):
        shown.size(width, 800)
        assert shown.value("document.documentElement.scrollWidth") <= width
        assert shown.value(BEYOND) == []
    shown.size(*PHONE)
    shown.value("document.body.insertAdjacentHTML('beforeend', '<p style=\"width: 500px\">wide</p>')")
    assert shown.value("document.documentElement.scrollWidth") > 390  # so it would be found
    assert len(shown.value(BEYOND)) == 1


@pytest.mark.slow
def test_contents_stay_beside_on_a_desk_and_fold_on_a_phone(shown: Any) -> None:
    assert shown.value("document.querySelector('.contents.phone').offsetHeight") == 0
    shown.value("scrollTo(0, document.body.scrollHeight / 2)")
    top = shown.value("document.querySelector('.contents.desk').getBoundingClientRect().top")
    assert 0 <= top < 100
    shown.size(*PHONE)
    assert shown.value("document.querySelector('.contents.desk').offsetHeight") == 0
    assert 0 < shown.value("document.querySelector('.contents.phone').offsetHeight") < 80


GROUND = "getComputedStyle(document.body).backgroundColor"
CURVES = """[...document.querySelectorAll('figure.plot svg path')]
  .filter((one) => one.style.stroke.startsWith('var(--curve')).map((one) => getComputedStyle(one).stroke)"""


@pytest.mark.slow
def test_figures_are_dark_with_the_page_and_light_on_paper(shown: Any) -> None:
    light, light_curves = shown.value(GROUND), set(shown.value(CURVES))
    shown.scheme("dark")
    assert light == "rgb(255, 255, 255)"
    assert shown.value(GROUND) == "rgb(18, 23, 29)"
    assert light_curves.isdisjoint(shown.value(CURVES))
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    shown.call("Emulation.setEmulatedMedia", media="print", features=dark)
    on_paper = shown.value(GROUND), set(shown.value(CURVES))
    shown.call("Emulation.setEmulatedMedia", media="", features=[])
    assert on_paper == (light, light_curves)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (DESK, "dark"), (PHONE, "light"), (PHONE, "dark")])
def test_axe_finds_nothing(shown: Any, size: tuple[int, int], scheme: str) -> None:
    axe = next((one for one in AXE if one.is_file()), None)
    if axe is None:
        pytest.skip("no axe-core: npm install axe-core, or its axe.min.js in FPVERIFY_AXE")
    shown.size(*size)
    shown.scheme(scheme)
    shown.value("document.querySelector('details').open = true")
    shown.value(axe.read_text(encoding="utf-8"))
    asked = "axe.run().then((one) => one.violations.map((its) => [its.id, its.nodes.map((node) => node.html)]))"
    assert shown.value(asked) == []
    shown.value("document.querySelector('figure svg').removeAttribute('aria-label')")
    assert [name for name, _ in shown.value(asked)] == ["svg-img-alt"]  # so it does look
