"""The pictures on which polarity is measured: prints framed, margined, wet, dry, faint, cut, resampled, compressed."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from PIL import Image

from fpverify.synthesis.fields import grain, smooth_field
from fpverify.vocabulary import ByteArray, FloatArray

PPI = 500.0  # of the prints that pictures are made of
LEAST_CONTRAST = 12  # grey levels between the 5th and the 95th percentile of a cut: below there is no print in it

DARK, BRIGHT, GREY = (0.0, 95.0), (160.0, 255.0), (70.0, 190.0)  # grey levels of frames and margins
SIDE_SHARE = (0.03, 0.2)  # of the image, taken by a frame on one side
FINGER_SHARE = ((0.27, 0.5), (0.33, 0.55))  # half axes of a bright finger in a frame, of width and height
FRAME_SLOPE = 60.0  # most grey levels by which a frame grows brighter or darker across the image
FRAME_NOISE = 10.0  # most deviation of its noise, grey levels
FRAME_BLUR_PX = 5.0  # most deviation of the blur of its edge
MOST_MARGIN_PX = 300
CUT_PX = (160, 260)  # 8 to 13 mm

Picture = tuple[ByteArray, float]  # with its resolution, ppi
Kind = Callable[[ByteArray, np.random.Generator], Picture]


def plain(pixels: ByteArray, rng: np.random.Generator) -> Picture:
    """As it is."""
    return pixels, PPI


def framed(pixels: ByteArray, rng: np.random.Generator, *, greys: tuple[float, float]) -> Picture:
    """The capture area in a frame on one to four sides, even or graded, noisy or not; half of them hide some print."""
    sides = rng.permutation(4)[: rng.integers(1, 5)]
    shares = [rng.uniform(*SIDE_SHARE) if side in sides else 0.0 for side in range(4)]
    if rng.random() < 0.5:
        height, width = pixels.shape
        left, top, right, bottom = (
            round(share * side) for share, side in zip(shares, 2 * [width, height], strict=True)
        )
        pixels = np.asarray(cv2.copyMakeBorder(pixels, top, bottom, left, right, cv2.BORDER_REPLICATE), np.uint8)
        shares = [left / pixels.shape[1], top / pixels.shape[0], right / pixels.shape[1], bottom / pixels.shape[0]]
    return _in_frame(pixels, _straight(pixels.shape, shares, rng), greys, rng), PPI


def in_oval(pixels: ByteArray, rng: np.random.Generator, *, greys: tuple[float, float]) -> Picture:
    """An oval or rounded finger in a frame which hides the print's outline."""
    return _in_frame(pixels, _oval(pixels.shape, rng), greys, rng), PPI


def _in_frame(pixels: ByteArray, inside: FloatArray, greys: tuple[float, float], rng: np.random.Generator) -> ByteArray:
    blur = rng.uniform(0, FRAME_BLUR_PX)
    if blur > 0.3:
        inside = np.asarray(cv2.GaussianBlur(inside, (0, 0), blur), np.float32)
    frame = np.full(pixels.shape, rng.uniform(*greys), np.float32)
    if rng.random() < 0.5:
        y, x = np.mgrid[-0.5 : 0.5 : pixels.shape[0] * 1j, -0.5 : 0.5 : pixels.shape[1] * 1j]
        turn = rng.uniform(0, 2 * np.pi)
        frame += rng.uniform(0, FRAME_SLOPE) * (x * np.cos(turn) + y * np.sin(turn)).astype(np.float32)
    if rng.random() < 0.6:
        frame += np.float32(rng.uniform(0, FRAME_NOISE)) * rng.standard_normal(pixels.shape, dtype=np.float32)
    picture = _bytes(pixels * inside + (1 - inside) * frame)
    if rng.random() < 0.2:  # and a border around it all
        border = int(rng.integers(4, 40))
        picture = cv2.copyMakeBorder(picture, *4 * [border], cv2.BORDER_CONSTANT, value=float(rng.choice([0, 255])))  # type: ignore[call-overload]
    return np.asarray(picture, np.uint8)


def _straight(shape: tuple[int, ...], shares: list[float], rng: np.random.Generator) -> FloatArray:
    """1 within a frame that takes these shares of the image: left, top, right, bottom."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    tilt = rng.normal(0, 0.03) if rng.random() < 0.3 else 0.0
    across, down = (x + tilt * y) / width, (y - tilt * x) / height
    left, top, right, bottom = shares
    opening = (across >= left) & (across < 1 - right) & (down >= top) & (down < 1 - bottom)
    return np.asarray(opening, np.float32)


def _oval(shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    half_width, half_height = (rng.uniform(*share) for share in FINGER_SHARE)
    middle = rng.uniform(0.46, 0.54, 2)
    power = float(rng.choice([2, 2, 4]))
    away = (np.abs(x / width - middle[0]) / half_width) ** power + (
        np.abs(y / height - middle[1]) / half_height
    ) ** power
    return np.asarray(away <= 1, np.float32)


def margined(pixels: ByteArray, rng: np.random.Generator) -> Picture:
    """In a margin of white, grey or black of up to 300 px on each side."""
    sides = [int(side) for side in rng.integers(0, MOST_MARGIN_PX + 1, 4)]
    if rng.random() < 0.3:
        sides = 4 * [sides[0]]
    grey = float(rng.choice([0, 255, round(rng.uniform(*GREY)), round(rng.uniform(*GREY))]))
    return np.asarray(cv2.copyMakeBorder(pixels, *sides, cv2.BORDER_CONSTANT, value=grey), np.uint8), PPI  # type: ignore[call-overload]


def wet(pixels: ByteArray, rng: np.random.Generator) -> Picture:
    """Broad ridges that run together here and there."""
    side = int(rng.integers(2, 6))
    broad = cv2.erode(pixels, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    more = cv2.erode(broad, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (4, 4)))
    share = 1 / (1 + np.exp(-4 * (smooth_field(rng, pixels.shape, 5) - rng.uniform(0.3, 1.5))))
    return _bytes(cv2.GaussianBlur(broad * (1 - share) + more * share, (0, 0), rng.uniform(0.4, 1.0))), PPI


def soaked(pixels: ByteArray, rng: np.random.Generator) -> ByteArray:
    """With sweat in the valleys: wherever the finger touches they are darker than the plate, more here than there."""
    lively = cv2.absdiff(pixels, cv2.blur(pixels, (13, 13))).astype(np.float32)
    lively = cv2.GaussianBlur(lively, (0, 0), 5)  # type: ignore[assignment]
    touching = np.clip(2.5 * lively / max(float(np.percentile(lively, 85)), 1.0) - 0.6, 0, 1)
    touching = cv2.GaussianBlur(touching, (0, 0), rng.uniform(1.5, 6))
    depth = np.clip(rng.uniform(0.15, 0.75) + rng.uniform(0, 0.25) * smooth_field(rng, pixels.shape, 4), 0, 0.9)
    darkest = float(np.percentile(pixels, 5))
    return _bytes(pixels - (pixels - darkest) * touching * depth)


def varied(pixels: ByteArray, rng: np.random.Generator) -> ByteArray:
    """What real prints show beyond synthetic ones: soaked valleys, mottled plates, other grey curves, more blur."""
    if rng.random() < 0.35:
        pixels = soaked(pixels, rng)
    picture = pixels / np.float32(255)
    if rng.random() < 0.3:
        mottle = grain(rng, pixels.shape, rng.uniform(2, 12))
        picture = picture - np.float32(rng.uniform(0.01, 0.08)) * mottle * picture
    if rng.random() < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 1.8))  # type: ignore[assignment]
    picture = np.clip(picture, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.35)))
    least, most = rng.uniform(0, 0.25), rng.uniform(0.6, 1.15)
    return _bytes(255 * (least + (most - least) * picture) + rng.uniform(0, 4) * rng.standard_normal(pixels.shape))  # type: ignore[arg-type]


def dry(pixels: ByteArray, rng: np.random.Generator) -> Picture:
    """Narrow ridges in pieces."""
    side = int(rng.integers(1, 4))
    narrow = cv2.dilate(pixels, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    paper = cv2.blur(cv2.dilate(pixels, np.ones((11, 11), np.uint8)), (11, 11))
    gaps = 1 / (1 + np.exp(-4 * (grain(rng, pixels.shape, rng.uniform(1.8, 3.5)) - rng.uniform(0.2, 1.4))))
    return _bytes(cv2.GaussianBlur(narrow * (1 - gaps) + paper * gaps, (0, 0), rng.uniform(0.4, 0.8))), PPI


def faint(pixels: ByteArray, rng: np.random.Generator) -> Picture:
    """With 10 to 35 % of the contrast, and some noise."""
    lowest = rng.uniform(0, 160)
    noise = rng.uniform(0, 3) * rng.standard_normal(pixels.shape)
    return _bytes(lowest + rng.uniform(0.1, 0.35) * pixels + noise), PPI  # type: ignore[arg-type]


def cut(pixels: ByteArray, rng: np.random.Generator) -> Picture:
    """What a small sensor sees, somewhere in the print."""
    lively = cv2.blur(
        (cv2.morphologyEx(pixels, cv2.MORPH_GRADIENT, np.ones((9, 9), np.uint8)) > 40).astype(np.float32), (9, 9)
    )
    height, width = (min(int(rng.integers(*CUT_PX)), side) for side in pixels.shape)
    best: tuple[float, ByteArray] = -1.0, pixels
    for _ in range(8):  # of which the one with most ridges
        top, left = (
            int(rng.integers(0, side - part + 1)) for side, part in zip(pixels.shape, (height, width), strict=True)
        )
        where = slice(top, top + height), slice(left, left + width)
        best = max(best, (float(lively[where].mean()), pixels[where]), key=lambda one: one[0])
    return np.ascontiguousarray(best[1]), PPI


def resampled(pixels: ByteArray, rng: np.random.Generator, *, ppi: float) -> Picture:
    """At another resolution."""
    size = tuple(max(1, round(side * ppi / PPI)) for side in pixels.shape[::-1])
    method = cv2.INTER_AREA if ppi < PPI else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=method), np.uint8), ppi


def compressed(pixels: ByteArray, rng: np.random.Generator) -> Picture:
    """By JPEG, well or badly, or by WSQ."""
    stream = io.BytesIO()
    image = Image.fromarray(pixels)
    if rng.random() < 0.3:
        import wsq  # noqa: F401  # registers the format

        image.save(stream, "WSQ")
    else:
        image.save(stream, "JPEG", quality=int(rng.integers(15, 70)))
    return np.asarray(Image.open(stream).convert("L"), np.uint8), PPI


def card(pixels: ByteArray, rng: np.random.Generator) -> Picture:
    """Inked on paper that is not white, with the lines of a form and a word."""
    border = int(rng.integers(0, 80))
    paper = float(np.percentile(pixels, 95))
    picture = cv2.copyMakeBorder(pixels, *4 * [border], cv2.BORDER_CONSTANT, value=paper).astype(np.float32)  # type: ignore[call-overload]
    picture += rng.uniform(1, 6) * grain(rng, picture.shape, rng.uniform(0.6, 1.5))
    height, width = picture.shape
    ink = float(rng.uniform(0, 60))
    for _ in range(int(rng.integers(1, 4))):
        at, thick = int(rng.integers(0, height)), int(rng.integers(1, 5))
        ends = ((0, at), (width, at)) if rng.random() < 0.5 else ((at, 0), (at, height))
        cv2.line(picture, *ends, ink, thick)  # type: ignore[call-overload]
    place = int(rng.integers(0, max(1, width - 120))), int(rng.integers(20, height))
    written = _bytes(picture)
    cv2.putText(written, "R. INDEX", place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, (ink,), 2)
    return written, PPI


def _then(first: Kind, second: Kind) -> Kind:
    def both(pixels: ByteArray, rng: np.random.Generator) -> Picture:
        return second(first(pixels, rng)[0], rng)

    return both


def _bytes(picture: FloatArray) -> ByteArray:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


_DARK, _BRIGHT = partial(framed, greys=DARK), partial(framed, greys=BRIGHT)
_DARK_OVAL, _BRIGHT_OVAL = partial(in_oval, greys=DARK), partial(in_oval, greys=BRIGHT)
KINDS: dict[str, Kind] = {
    "plain": plain,
    "dark frame": _DARK,
    "bright frame": _BRIGHT,
    "margins": margined,
    "wet": wet,
    "dry": dry,
    "wet, dark frame": _then(wet, _DARK),
    "dry, dark frame": _then(dry, _DARK),
    "wet, margins": _then(wet, margined),
    "dry, bright frame": _then(dry, _BRIGHT),
    "dark oval frame": _DARK_OVAL,
    "bright oval frame": _BRIGHT_OVAL,
    "dry, dark oval frame": _then(dry, _DARK_OVAL),
    "faint": faint,
    "cut": cut,
    "250 ppi": partial(resampled, ppi=250.0),
    "1000 ppi": partial(resampled, ppi=1000.0),
    "JPEG or WSQ": compressed,
    "card": card,
}
