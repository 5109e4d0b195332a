"""Templates of many synthetic fingers, extracted once and kept: what a codebook is trained on, what a gallery holds.

Drawing a finger costs ten times what taking a print of it costs, so each is used twice: its mirror image is another
finger. Finger and impression are taken by one simulated sensor after the other. Templates lie in one file for some
fingers each, so a call that is ended is continued by the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from fpverify.errors import FailureToAcquire
from fpverify.matching import Matcher
from fpverify.store import decode_template, encode_template
from fpverify.synthesis.dataset import ORDINARY, labelled_scan, master
from fpverify.synthesis.finger import MasterFinger
from fpverify.synthesis.sensor import SENSORS
from fpverify.vocabulary import Minutiae, Template

DRAWN = 25  # fingers of a file, each with its mirror image: five seconds of work, the most that an end loses
NAME_BYTES, LENGTH_BYTES = 16, 4  # before each template


@dataclass(frozen=True, slots=True)
class Prints:
    """Which prints are meant.

    Attributes:
        seed: of the fingers.
        fingers: how many are drawn; half of them are mirror images.
        impressions: of each.
        model: name or folder of the bundle; None is the release.
    """

    seed: int
    fingers: int
    impressions: int = 1
    model: str | None = None


def synthetic_templates(prints: Prints, folder: Path, workers: int = 1) -> Iterator[tuple[str, Template]]:
    """Name of the finger and template, finger by finger; impressions that are not acquired are left out.

    Args:
        prints: which.
        folder: where templates of this model and seed are kept.
        workers: processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shards = range(-(-prints.fingers // (2 * DRAWN)))
    job = partial(_shard, prints=prints, folder=folder)
    for path in tqdm(_mapped(job, shards, workers), total=len(shards), desc="prints", disable=None):
        yield from _read(path)


def _mapped(job: partial[Path], shards: range, workers: int) -> Iterator[Path]:
    if workers <= 1:
        yield from map(job, shards)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(job, shards)


def _shard(number: int, prints: Prints, folder: Path) -> Path:
    """The file of some fingers, made if it is not there."""
    path = folder / f"{prints.seed}-{prints.impressions}-{number:05d}.fpvt"
    if not path.exists():
        cv2.setNumThreads(1)  # workers share the cores already
        matcher = Matcher.load(prints.model)
        drawn = range(number * DRAWN, (number + 1) * DRAWN)
        made = b"".join(part for finger in drawn for part in _encoded(matcher, prints, finger))
        part = path.with_suffix(".part")
        part.write_bytes(made)
        part.replace(path)
    return path


def _encoded(matcher: Matcher, prints: Prints, number: int) -> Iterator[bytes]:
    for mirrored, finger in enumerate(_both(master(prints.seed, number))):
        for impression in range(prints.impressions):
            name = f"{number}{'m' * mirrored}".encode().ljust(NAME_BYTES)
            sensor = tuple(SENSORS.values())[(number + mirrored + impression) % len(SENSORS)]
            scan = labelled_scan(
                finger, prints.seed, number, 2 * impression + mirrored, replace(ORDINARY, sensor=sensor)
            ).scan
            try:
                template = encode_template(matcher.template(scan))
            except FailureToAcquire:
                continue
            yield name + len(template).to_bytes(LENGTH_BYTES, "little") + template


def _both(finger: MasterFinger) -> tuple[MasterFinger, MasterFinger]:
    """A finger and its mirror image."""
    ridges, old = np.ascontiguousarray(finger.ridges[:, ::-1]), finger.minutiae
    turned = np.asarray(np.angle(np.exp(1j * (np.pi - old.angle_rad))), np.float32)
    mirrored = Minutiae(ridges.shape[1] - 1 - old.x_px, old.y_px, turned, old.quality)
    return finger, replace(finger, ridges=ridges, minutiae=mirrored)


def _read(path: Path) -> Iterator[tuple[str, Template]]:
    content = memoryview(path.read_bytes())
    while content:
        name, content = bytes(content[:NAME_BYTES]).decode().strip(), content[NAME_BYTES:]
        length, content = int.from_bytes(content[:LENGTH_BYTES], "little"), content[LENGTH_BYTES:]
        yield name, decode_template(bytes(content[:length]))
        content = content[length:]
