"""Makes the pictures of the documents that show fpverify at work: a report, an explanation.

    python tools/pictures.py [--out docs/images] [NAME ...]

By the release model, of synthetic prints alone. The report is photographed in Chromium; it is of fingers put down worse
than at any door, so that there are errors to be seen. `page_pictures.py` makes those of the service's page.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from browser import CHROMIUM, Browser, running_browser
from PIL import Image

from fpverify import synthesise, write_scan
from fpverify.evaluation import read_scores, write_scores
from fpverify.synthesis.dataset import ORDINARY, write_ridges
from fpverify.vocabulary import Evaluation

ROOT = Path(__file__).resolve().parent.parent
COLOURS = 256  # of a photograph: half the bytes, and nothing that one would see
REPORT_PX = (1180, 1460)  # its first page
PHONE_PX = (390, 844)

BADLY_PUT_DOWN = replace(ORDINARY, hardness=(1.2, 2.2), shift_px=60.0)  # dry, wet or worn, and off centre
FINGERS, IMPRESSIONS, SEED = 30, 4, 11  # of the report
SETS = 3  # of the comparison of matchers, of a third of the fingers each
BLURS: MappingProxyType[str, float] = MappingProxyType({"ours": 0.0, "blurred": 12.0, "coarse": 25.0})  # in scores


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PICTURES)}; all if not given")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", help="folder of the pictures")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - set(PICTURES):
        parser.error(f"no picture is named {', '.join(sorted(unknown))}; there are {', '.join(PICTURES)}")
    if not CHROMIUM:
        parser.error("no chromium on the path, and none in FPVERIFY_CHROMIUM")
    for name in given.names or PICTURES:
        with tempfile.TemporaryDirectory() as made:
            PICTURES[name](Path(made), given.out / f"{name}.png")


def draw_report(folder: Path, out: Path) -> None:
    """The first page of a report on prints that were put down badly."""
    write_prints(folder / "prints", FINGERS)
    _run("evaluate", "prints", "--report", "report.html", "--no-cache", within=folder)
    _photograph_page(folder, out, REPORT_PX, "light")


def draw_report_on_a_phone(folder: Path, out: Path) -> None:
    """The same in the dark, as a phone shows it."""
    write_prints(folder / "prints", FINGERS)
    _run("evaluate", "prints", "--report", "report.html", "--no-cache", within=folder)
    _photograph_page(folder, out, PHONE_PX, "dark")


def draw_matchers(folder: Path, out: Path) -> None:
    """A comparison of three matchers on three sets."""
    files = []
    for number in range(SETS):
        name = f"set-{number + 1}"
        write_prints(folder / name, FINGERS // SETS, SEED + number)
        _run("evaluate", name, "--scores", f"{name}.csv", "--no-cache", within=folder)
        compared = read_scores(folder / f"{name}.csv")
        for matcher, blur in BLURS.items():
            files.append(f"{matcher}__{name}.csv")
            write_scores(_blurred(compared, blur, np.random.default_rng(SEED + number)), folder / files[-1])
    _run("report", *files, "--out", "report.html", within=folder)
    _photograph_page(folder, out, REPORT_PX, "light")


def _blurred(evaluation: Evaluation, blur: float, rng: np.random.Generator) -> Evaluation:
    """Scores of a worse matcher: each with noise, `blur` being its standard deviation."""
    return replace(evaluation, scores=evaluation.scores + rng.normal(0, blur, len(evaluation.scores)))


def _photograph_page(folder: Path, out: Path, size_px: tuple[int, int], scheme: str) -> None:
    with running_browser(folder / "profile") as browser:
        browser.size(*size_px)
        browser.scheme(scheme)
        browser.open((folder / "report.html").as_uri())
        photograph(browser, out)


def write_prints(folder: Path, fingers: int, seed: int = SEED) -> None:
    """Writes the prints of a report, `<finger>_<impression>.bmp`."""
    folder.mkdir()
    for one in synthesise(fingers, IMPRESSIONS, seed, BADLY_PUT_DOWN):
        write_scan(one.scan, folder / f"{one.name}.bmp")


def draw_explanation(folder: Path, out: Path) -> None:
    """Two prints of the quick start, compared."""
    write_ridges(folder / "prints", fingers=1, impressions=2)
    _run("explain", "prints/1_1.bmp", "prints/1_2.bmp", "--out", str(out.resolve()), within=folder)


PICTURES: MappingProxyType[str, Callable[[Path, Path], None]] = MappingProxyType(
    {
        "report": draw_report,
        "report-phone": draw_report_on_a_phone,
        "report-matchers": draw_matchers,
        "explain": draw_explanation,
    }
)


def _run(*words: str, within: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fpverify", *words], cwd=within, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"fpverify {' '.join(words)}: {done.stderr.strip()}")


def photograph(browser: Browser, out: Path) -> None:
    """Writes what a browser shows, in few colours."""
    browser.screenshot(out)
    with Image.open(out) as picture:
        reduced = picture.convert("RGB").quantize(COLOURS)
    reduced.save(out, optimize=True)


if __name__ == "__main__":
    main()
