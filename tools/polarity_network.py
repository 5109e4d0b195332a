"""Trains the small network that tells whether a print's ridges are dark, and writes its weights.

    python tools/polarity_network.py [--pictures N] [--rounds N] [--seed N]

It learns from synthetic prints alone, put down well and badly, each made dry, wet, faint, framed, margined, cut or
compressed at random, and from drawn rings and stripes, of which some show nothing. In the negative of a picture all is
the other way round, so one answer is learnt from both. Needs the extra `train`; a quarter of an hour on one core, 3 GB.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, count, islice
from typing import Any

import cv2
import numpy as np
import polarity_pictures as pictures
from polarity_pictures import BRIGHT, DARK, PPI, Picture

from fpverify.scans.polarity import MOST, VIEW_PX, seen
from fpverify.scans.polarity_network import CONVOLUTIONS, HIDDEN, WEIGHTS
from fpverify.synthesis.dataset import ORDINARY, labelled_scan, master
from fpverify.synthesis.impression import ImpressionSettings
from fpverify.synthesis.stripes import draw_stripes
from fpverify.vocabulary import ByteArray, FloatArray

SEED = 71001
PICTURES, ROUNDS, BATCH = 16000, 7, 32
LEARNING_RATE, WEIGHT_DECAY = 0.02, 0.02
WARMUP_STEPS = 100
PRECISION = "mixed_bfloat16"  # of the convolutions; half the time of float32
IMPRESSIONS = 30  # of a finger: drawing a finger takes as long as ten pictures
STEP = 127 / MOST  # views are kept in whole numbers

UNTOLD, DARK_RIDGES = 0.5, 1.0  # how likely ridges are to be dark
DRAWN_UNTOLD, DRAWN = 0.04, 0.06  # of the pictures: what is no skin but has ridges
FRAMES = 0.3  # pictures for one of the others, so that frames tell nothing
GRATINGS, FRAMED_UNTOLD = 0.1, 0.3  # of them: what shows nothing
PPI_OFF = 0.15  # by which a stated resolution may be wrong: ridges of children and of broad men
CONTRAST_OFF = 0.3  # relative, of the picture as it is: amplitudes are measured roughly

ROUGH = ImpressionSettings(hardness=(0.2, 1.9), wrinkles=0.2, beads=0.3, blotches=0.2, specks=0.3, roughness=(0.0, 0.6))
WORN = ImpressionSettings(
    rotation_rad=np.pi,
    shift_px=42.0,
    centre_px=(14.0, 24.0),
    hardness=(0.2, 2.0),
    bend_px=6.0,
    stretch=0.08,
    faint=0.2,
    ghosts=0.15,
    blotches=0.15,
    wrinkles=0.15,
    roughness=(0.0, 0.5),
    swept=0.1,
    small=0.15,
    beads=0.15,
    specks=0.2,
    streaks=0.2,
)
PRESSES = (ORDINARY, ORDINARY, ROUGH, WORN)

Change = Callable[[ByteArray, np.random.Generator], Picture]
Labelled = tuple[FloatArray, float]  # a view, and how likely its ridges are dark


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the weights beside the code that uses them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=PICTURES)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="over all pictures")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    framed_too = round(FRAMES * given.pictures)
    labelled = chain(islice(drawn(given.seed), given.pictures), islice(in_frames(given.seed + 1), framed_too))
    views, answers = kept(labelled, given.pictures + framed_too)
    np.save(WEIGHTS, trained(views, answers, given.rounds, given.seed))
    print(f"{WEIGHTS}: {WEIGHTS.stat().st_size} bytes")
    return 0


def drawn(seed: int) -> Iterator[Labelled]:
    """Views without end, those left out in which no print is found."""
    for finger in count(1):
        drawn_finger = master(seed, finger)
        for impression in range(1, IMPRESSIONS + 1):
            rng = np.random.default_rng([seed, finger, impression, 1])
            kind, answer = rng.random(), DARK_RIDGES
            if kind < DRAWN_UNTOLD:
                picture, answer = (untold(rng), PPI), UNTOLD
            elif kind < DRAWN_UNTOLD + DRAWN:
                picture = changed(rings(rng, rng.uniform(0.25, 0.5)), rng, _SURROUNDINGS)
            else:
                press = PRESSES[int(rng.integers(len(PRESSES)))]
                made = labelled_scan(drawn_finger, seed, finger, impression, press)
                picture = changed(made.scan.pixels, rng, _CHANGES)
            view = seen(*picture, VIEW_PX)
            if view is not None:
                yield view, answer


def in_frames(seed: int) -> Iterator[Labelled]:
    """Views without end of prints, and of ridges of which nothing tells, in frames; and of gratings."""
    for finger in count(1):
        drawn_finger = master(seed, finger)
        for impression in range(1, IMPRESSIONS + 1):
            rng = np.random.default_rng([seed, finger, impression, 1])
            kind, answer = rng.random(), UNTOLD
            if kind < GRATINGS:
                picture = grating(rng), PPI
            elif kind < GRATINGS + FRAMED_UNTOLD:
                picture = framed(untold(rng), rng)
            else:
                press, answer = PRESSES[int(rng.integers(len(PRESSES)))], DARK_RIDGES
                picture = framed(labelled_scan(drawn_finger, seed, finger, impression, press).scan.pixels, rng)
            view = seen(*picture, VIEW_PX)
            if view is not None:
                yield view, answer


def changed(pixels: ByteArray, rng: np.random.Generator, changes: Sequence[dict[Change, float]]) -> Picture:
    """A picture of a print, of each step no change or one, and of about the resolution that is stated."""
    for step in changes:
        at = np.searchsorted(np.cumsum(list(step.values())), rng.random(), side="right")
        if at < len(step):
            pixels = list(step)[at](pixels, rng)[0]
    return pixels, PPI * (1 + PPI_OFF * rng.uniform(-1, 1) * (rng.random() < 0.25))


def varied(pixels: ByteArray, rng: np.random.Generator) -> Picture:
    """What real prints show beyond synthetic ones."""
    return pictures.varied(pixels, rng), PPI


def framed(pixels: ByteArray, rng: np.random.Generator) -> Picture:
    """In a frame of any kind and grey."""
    greys = ((0.0, 255.0), DARK, BRIGHT)[int(rng.integers(3))]
    return (pictures.framed, pictures.in_oval)[int(rng.integers(2))](pixels, rng, greys=greys)


_SURROUNDINGS: Sequence[dict[Change, float]] = ({framed: 0.4, pictures.margined: 0.2}, {pictures.faint: 0.1})
_CHANGES: Sequence[dict[Change, float]] = (
    {varied: 0.5},
    {pictures.wet: 0.2, pictures.dry: 0.2},
    {pictures.cut: 0.15, pictures.card: 0.08},
    *_SURROUNDINGS,
    {pictures.compressed: 0.1},
)


def untold(rng: np.random.Generator) -> ByteArray:
    """Ridges as dark as bright, in all of the image."""
    if rng.random() < 0.5:
        return rings(rng, None)
    finger = ("A", "B")[int(rng.integers(2))]
    return draw_stripes(finger, rng, width_px=(3, 12), angle_deg=(-20, 20), shift_px=(0, 12), noise=(0, 0.3))  # type: ignore[arg-type]


def grating(rng: np.random.Generator) -> ByteArray:
    """Even stripes, upright as often as not: in step with the network's cells they look the same to each of them."""
    finger, angle_deg = ("A", "B")[int(rng.integers(2))], 20.0 * rng.integers(2)
    angles = (-angle_deg, angle_deg)
    return draw_stripes(finger, rng, width_px=(3, 20), angle_deg=angles, shift_px=(-20, 20))  # type: ignore[arg-type]


def rings(rng: np.random.Generator, radius: float | None) -> ByteArray:
    """Dark rings on a bright plate, broad or narrow, out to a share of the side; None for all over."""
    side, period_px = int(rng.integers(150, 400)), rng.uniform(7, 12)
    y, x = (axis / side - 0.5 for axis in np.mgrid[:side, :side])
    turn, start = np.arctan2(y, x), rng.uniform(0, 2 * np.pi)
    wave = np.cos(2 * np.pi * np.hypot(x, y - 0.1) * side / period_px + 0.3 * np.sin(5 * turn + start))
    ink = 1 / (1 + np.exp(-6 * (wave + rng.uniform(-1, 1))))
    if radius is not None:
        outline = radius * (1 + 0.05 * np.sin(3 * turn + start) + 0.04 * np.sin(11 * turn))
        ink /= 1 + np.exp(np.minimum((np.hypot(x, 0.85 * y) - outline) / rng.uniform(0.008, 0.03), 50))
    grey = 225 - 180 * ink + rng.uniform(0, 10) * rng.standard_normal(ink.shape)
    return np.asarray(np.clip(np.rint(grey), 0, 255), np.uint8)


def kept(labelled: Iterator[Labelled], number: int) -> tuple[np.ndarray, FloatArray]:
    """Views, (number, height, width, 2) int8 in steps of 1 / `STEP`, and their answers, (number,)."""
    views, answers = np.empty((number, VIEW_PX, VIEW_PX, 2), np.int8), np.empty(number, np.float32)
    for row, (view, answer) in enumerate(labelled):
        views[row], answers[row] = np.rint(view * STEP), answer
        if row % 1000 == 999:
            print(f"{row + 1} pictures", flush=True)
    return views, answers


def trained(views: np.ndarray, answers: FloatArray, rounds: int, seed: int) -> np.ndarray:
    """Weights in one row, float16."""
    import keras

    from fpverify.training.muon import Muon

    keras.utils.set_random_seed(seed)
    steps = len(views) // BATCH
    rate = keras.optimizers.schedules.CosineDecay(
        LEARNING_RATE / WARMUP_STEPS,
        max(1, rounds * steps - WARMUP_STEPS),
        alpha=0.01,
        warmup_target=LEARNING_RATE,
        warmup_steps=WARMUP_STEPS,
    )
    view = keras.Input((VIEW_PX, VIEW_PX, 2))
    answer = core(keras, PRECISION)
    model = keras.Model(view, answer(view) - answer(-view))
    model.compile(Muon(rate, weight_decay=WEIGHT_DECAY), keras.losses.BinaryCrossentropy(from_logits=True))
    batches = _batches(views, answers, np.random.default_rng(seed))
    model.fit(batches, steps_per_epoch=steps, epochs=rounds, shuffle=False, verbose=2)
    return np.concatenate([np.asarray(one).ravel() for one in answer.get_weights()]).astype(np.float16)


def core(keras: Any, precision: str) -> Any:
    """The network whose answers to a picture and to its negative are told apart."""
    layers = keras.layers
    convolutions = [
        layers.Conv2D(made, side, stride, activation="relu", dtype=precision) for side, stride, _, made in CONVOLUTIONS
    ]
    mean = layers.GlobalAveragePooling2D(dtype="float32")
    hidden = layers.Dense(HIDDEN, activation="relu", dtype="float32")
    answer = layers.Dense(1, use_bias=False, dtype="float32", name="map")  # a read-out, as Muon knows it
    return keras.Sequential([keras.Input((VIEW_PX, VIEW_PX, 2)), *convolutions, mean, hidden, answer])


def _batches(
    views: np.ndarray, answers: FloatArray, rng: np.random.Generator
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Batches without end, turned and mirrored, the picture as it is with more contrast or less."""
    while True:
        order = rng.permutation(len(views))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            rows = np.sort(order[start : start + BATCH])
            batch = np.rot90(views[rows], int(rng.integers(4)), (1, 2)).astype(np.float32) / np.float32(STEP)
            batch = batch[:, :, :: rng.choice([-1, 1])]
            batch[..., 0] *= rng.uniform(1 - CONTRAST_OFF, 1 + CONTRAST_OFF, (BATCH, 1, 1))
            yield np.ascontiguousarray(batch), answers[rows]


if __name__ == "__main__":
    sys.exit(main())
