"""How the curves of one figure are told apart: by colour, by line and marker, and by the letter that stands on each.

A page has every colour a second time for dark schemes, in `templates/style.css`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fpverify.extras import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    require("plots", "a picture")
    from matplotlib.lines import Line2D

COLOURS = (  # after Okabe and Ito's, which the colour-blind tell apart; darker, so that each is seen on white (3 : 1)
    *("#1b3a5c", "#d55e00", "#008f68"),
    *("#b8558c", "#0072b2", "#7f6000"),
)
LINES = ("-", "--", "-.", ":", (0, (6, 1.5, 1, 1.5, 1, 1.5)), (0, (10, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "*")  # one more than there are lines: 42 curves differ in grey, too
GREY, GRID, CORRIDOR = "#767c84", "#e6e6e6", "#ebebeb"
EDGE = 0.03  # of an axis, at its ends: no letter stands there, if its curve leaves it another place
STEPS = 60  # along a curve, at which a letter may stand
FAR = 0.12  # of an axis: a letter that stands further from everything else stands no better
LETTER_PT = 7.5


def looks(count: int) -> list[dict[str, Any]]:
    """Of so many curves."""
    return [
        {
            "color": COLOURS[number % len(COLOURS)],
            "linestyle": LINES[number % len(LINES)],
            "marker": MARKERS[number % len(MARKERS)],
            "markersize": 4,
            "linewidth": 1.6,
        }
        for number in range(count)
    ]


def letter(number: int) -> str:
    """Of a curve by its number from 0: A to Z, then AA."""
    before, last = divmod(number, 26)
    return (letter(before - 1) if before else "") + chr(ord("A") + last)


def letters(count: int) -> list[str]:
    """Of so many curves; a single one needs none."""
    return [letter(number) for number in range(count)] if count > 1 else [""] * count


def write_on_curves(axes: Axes, lines: Sequence[Line2D], words: Sequence[str]) -> None:
    """Writes a word on each curve, where it is far from the others and from the edges; none on one outside the axes.

    The limits of the axes are to be set before.
    """
    ways = [_way(axes, line) for line in lines]
    taken = np.empty((0, 2))
    for number, (line, word) in enumerate(zip(lines, words, strict=True)):
        own = ways[number]
        inside = own[((own > EDGE) & (own < 1 - EDGE)).all(1)]
        inside = inside if len(inside) else own[((own >= 0) & (own <= 1)).all(1)]
        if not word or not len(inside):
            continue
        others = np.concatenate([taken, *(way for place, way in enumerate(ways) if place != number)])
        place = inside[int(np.argmax(np.minimum(_room(inside, others), FAR) + np.minimum(_room(inside, taken), FAR)))]
        taken = np.concatenate([taken, place[None]])
        _write(axes, place, word, str(line.get_color()))


def _write(axes: Axes, place: np.ndarray, word: str, colour: str) -> None:
    around = {"boxstyle": "round,pad=0.2", "facecolor": "#ffffff", "edgecolor": colour, "linewidth": 0.9}
    across, up = place.tolist()
    axes.text(
        *(across, up, word),
        transform=axes.transAxes,
        ha="center",
        va="center",
        fontsize=LETTER_PT,
        zorder=6,
        bbox=around,
    )


def _way(axes: Axes, line: Line2D) -> np.ndarray:
    """(s, 2) points evenly along a curve, in parts of the axes; those outside are left out."""
    from matplotlib.cbook import pts_to_prestep

    across, up = (np.asarray(side, np.float64) for side in line.get_data())
    if line.get_drawstyle() == "steps-pre":
        across, up = pts_to_prestep(across, up)
    points = axes.transAxes.inverted().transform(axes.transData.transform(np.stack([across, up], 1)))
    points = points[np.isfinite(points).all(1)].clip(-0.05, 1.05)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0, length[-1], STEPS)
    return np.stack([np.interp(at, length, points[:, side]) for side in (0, 1)], 1)


def _room(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(p,) how far each point lies from the nearest of the others."""
    if not len(others):
        return np.full(len(points), np.inf)
    return np.asarray(np.linalg.norm(points[:, None] - others[None], axis=2).min(1))
