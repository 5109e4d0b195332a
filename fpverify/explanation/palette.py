"""The colours that pictures of prints are drawn with, and PNGs in these and their blends."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from fpverify.vocabulary import ByteArray, FloatArray

if TYPE_CHECKING:
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

INK = "#1b3a5c"
QUIET = "#6b7280"  # of words beside the numbers
PROBE = "#0072b2"  # blue and vermilion: the pair of Okabe and Ito that all colour-blind tell apart ...
REFERENCE = "#e69f00"  # ... this orange is also lighter, so that grey print keeps them apart
LONE = "#8a8f98"  # minutiae without a partner
EDGE = "#1f2937"  # around minutiae with one
REFUSED = "#9a3412"  # a non-match
STRONGEST = 0.9  # strength at the dark end of the colours; the strengths of good pairs lie at 0.4 to 0.9
PALETTES = (3.0, 2.0, 1.5, 1.0, 0.5)  # how finely a PNG has its colours, 1 being some sixty: the finest that fits


def strength_colours() -> Colormap:
    """From sand (weak) to dark blue (strong): in order for the colour-blind, and darker and darker in grey."""
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps["cividis_r"](np.linspace(0.12, 1, 256)))


def colours_of(strengths: FloatArray) -> FloatArray:
    """Of these pairs; (n, 4) in [0, 1]."""
    return np.asarray(strength_colours()(np.clip(strengths / np.float32(STRONGEST), 0, 1)))


def verdict_colour(match: bool) -> str:
    """Of the words and numbers of a decision."""
    return INK if match else REFUSED


def mixed(probe: FloatArray, reference: FloatArray) -> FloatArray:
    """Two inks on white paper, as printed one on the other: dark where ridges meet; (h, w, 3) in [0, 1]."""
    from matplotlib.colors import to_rgb

    paper = np.ones((*probe.shape, 3), np.float32)
    for ink, colour in ((probe, PROBE), (reference, REFERENCE)):
        paper *= 1 - 0.75 * ink[..., None] * (1 - np.array(to_rgb(colour), np.float32))
    return paper


# --- small files ----------------------------------------------------------------------------------------------------


def png(figure: Figure, most_bytes: int) -> bytes:
    """The figure in the colours it is drawn with and their blends, as finely as fits."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    for fineness in PALETTES:
        palette = Image.new("P", (1, 1))
        palette.putpalette(_palette(fineness).tobytes())
        file = io.BytesIO()
        image.quantize(palette=palette, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        if file.tell() <= most_bytes:
            break
    return file.getvalue()


def _palette(fineness: float) -> ByteArray:
    """Greys, the strengths' colours, words' colours fading into white, and the overlay's two inks; (n, 3)."""
    from matplotlib.colors import to_rgb

    def steps(number: float) -> FloatArray:
        return np.linspace(0, 1, round(number), dtype=np.float32)

    white = np.ones(3)
    greys = steps(9 * fineness)[:, None] * white
    strong = strength_colours()(steps(8 * fineness))[:, :3]
    words = [
        white + share * (np.array(to_rgb(colour)) - white)
        for colour in (INK, REFUSED, PROBE, REFERENCE)
        for share in steps(1 + 3 * fineness)[1:]
    ]
    one, other = np.meshgrid(steps(3 * fineness), steps(3 * fineness))
    inks = mixed(one, other).reshape(-1, 3)
    pale = (white + strong[::2]) / 2  # lines between partners, which are half transparent
    colours = np.concatenate([greys, strong, pale, words, inks])
    return np.unique(np.rint(255 * colours).astype(np.uint8), axis=0)[:256]
