"""Draws the way from two scans to a decision, in one picture: docs/images/way.png, which README.md shows.

    python tools/way_picture.py [--out PNG]

By the release model, of synthetic prints alone.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from PIL import Image

from fpverify import Matcher, Template, evaluate, explain, read_scan
from fpverify.synthesis.dataset import write_ridges

ROOT = Path(__file__).resolve().parent.parent
SIZE_IN, DOTS_PER_INCH, COLOURS = (12.0, 4.6), 100, 64
FINGERS, IMPRESSIONS = 10, 4  # of the README's quick start
INK, OTHER = "#1f3a93", "#b5451b"  # apart in lightness, too


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "way.png")
    given = parser.parse_args(arguments)
    mpl.use("Agg")
    with tempfile.TemporaryDirectory() as made:
        write_ridges(Path(made), fingers=FINGERS, impressions=IMPRESSIONS)
        draw(Path(made), given.out)
    with Image.open(given.out) as picture:
        reduced = picture.convert("RGB").quantize(COLOURS)
    reduced.save(given.out, optimize=True)


def draw(prints: Path, out: Path) -> None:
    """Draws the way of the first two prints of a folder."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_IN, dpi=DOTS_PER_INCH)
    matcher = Matcher.load()
    templates = []
    for row, (name, title) in enumerate((("1_1", "enrolled once"), ("1_2", "at the door"))):
        scan = read_scan(prints / f"{name}.bmp")
        found = matcher.acquire(scan)
        templates.append(found.template)
        picture = figure.add_axes((0.0, 0.5 - 0.5 * row, 0.16, 0.44))
        picture.imshow(scan.pixels, cmap="gray", vmin=0, vmax=255)
        _titled(picture, f"scan, {title}")
        marks = figure.add_axes((0.19, 0.5 - 0.5 * row, 0.16, 0.44))
        marks.imshow(found.prepared.image, cmap="gray", alpha=0.35)
        _minutiae(marks, found.template, (INK, OTHER)[row])
        _titled(marks, f"{len(found.template.minutiae)} minutiae, no picture kept")
    _laid(figure.add_axes((0.39, 0.02, 0.27, 0.88)), prints, templates[1], templates[0])
    _decided(figure.add_axes((0.71, 0.16, 0.28, 0.70)), prints, matcher.score(*templates).value)
    for x, y in ((0.175, 0.72), (0.175, 0.22), (0.37, 0.47), (0.685, 0.47)):
        figure.text(x, y, "→", fontsize=20, ha="center", va="center")
    figure.savefig(out)


def _titled(axes: Any, words: str) -> None:
    axes.set_title(words, fontsize=10, pad=3)
    axes.axis("off")


def _minutiae(axes: Any, template: Template, colour: str) -> None:
    found = template.minutiae
    axes.quiver(
        *(found.x_px, found.y_px, np.cos(found.angle_rad), np.sin(found.angle_rad)),
        **{"angles": "xy", "color": colour, "scale": 22, "width": 0.008, "headwidth": 1, "headlength": 0},
    )
    axes.plot(found.x_px, found.y_px, ".", color=colour, markersize=4)


def _laid(axes: Any, prints: Path, probe: Template, reference: Template) -> None:
    """One print's minutiae laid on the other's, with a line between partners."""
    found = explain(prints / "1_2.bmp", prints / "1_1.bmp").overlap
    if found is None or found.alignment is None:
        raise SystemExit("the two prints cannot be laid on each other")
    there = _places(reference)
    here = (_places(probe) - found.alignment.here) * found.alignment.turn + found.alignment.there
    for one, other in found.pairs:
        axes.plot(
            [here[one].real, there[other].real], [here[one].imag, there[other].imag], color="#777777", linewidth=2
        )
    axes.plot(there.real, there.imag, "o", color=INK, markersize=5)
    axes.plot(here.real, here.imag, "o", markerfacecolor="none", color=OTHER, markersize=8)
    axes.set_aspect("equal")
    axes.invert_yaxis()
    _titled(axes, f"laid on each other: {len(found.pairs)} find a partner")


def _places(template: Template) -> np.ndarray:
    return np.asarray(template.minutiae.x_px + 1j * template.minutiae.y_px)


def _decided(axes: Any, prints: Path, score: float) -> None:
    """The score among those of a small set, and the threshold."""
    measured = evaluate(prints)
    bins = np.linspace(-5, 150, 50).tolist()
    axes.hist(measured.non_mated_scores, bins, color=OTHER, alpha=0.75, label="different fingers")
    axes.hist(measured.mated_scores, bins, color=INK, alpha=0.75, label="one finger")
    axes.axvline(30, color="black")
    axes.annotate("threshold 30:\nFMR 0.1 %", (30, 60), xytext=(38, 40), fontsize=9)
    axes.annotate(
        f"this one: {score:.0f}", (score, 1), xytext=(score - 30, 8), arrowprops={"arrowstyle": "->"}, fontsize=9
    )
    axes.set_yscale("log")
    axes.set_yticks([])
    axes.set_xlabel("score = -10 log10(false match rate)", fontsize=9)
    axes.legend(fontsize=8, loc="upper right", frameon=False)
    axes.set_title("match, at a stated error rate", fontsize=10, pad=3)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


if __name__ == "__main__":
    main()
