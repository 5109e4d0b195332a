"""Folders of synthetic scans, and pools of master fingers for training.

Finger number f of a seed is drawn from its own generator, and so is each of its impressions, so a set is identical bit
for bit for any number of workers.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fpverify.errors import SettingsError
from fpverify.executors import Workforce, answers, local_workforce
from fpverify.synthesis.finger import MasterFinger, draw_finger
from fpverify.synthesis.flow import USUAL, Flow
from fpverify.synthesis.impression import Impression, ImpressionSettings, draw_impression
from fpverify.synthesis.sensor import SENSORS
from fpverify.vocabulary import WORKING_PPI, ByteArray, FloatArray, Minutiae, Scan

SCAN_PPI = 500.0  # what most sensors deliver
SHARD = 50  # fingers in a file of a pool: a few seconds of work, the most that a kill loses
INT8_STEP = 127.0  # ridges in (-1, 1) as int8

ORDINARY = ImpressionSettings(rotation_rad=0.35, shift_px=15.0, hardness=(0.2, 1.2))  # a cooperative user, 20 degrees


ROLLED = replace(ORDINARY, shape=(280, 240), rolled=1.0, centre_px=(3.0, 5.0))  # all of a finger, from nail to nail


@dataclass(frozen=True, slots=True, eq=False)
class LabelledScan:
    """A synthetic scan at 500 ppi with what is true of it.

    Attributes:
        name: `<finger>_<impression>`.
        finger, impression: numbers, from 1.
        scan: the image.
        minutiae: the visible ones, in pixels of `scan`.
        minutia_ids: (n,) int; the same number in another impression of the finger is the same minutia.
    """

    name: str
    finger: int
    impression: int
    scan: Scan
    minutiae: Minutiae
    minutia_ids: np.ndarray

    def labels(self) -> dict[str, object]:
        """The labels as plain numbers, for JSON."""
        rows = zip(self.minutia_ids, self.minutiae.x_px, self.minutiae.y_px, self.minutiae.angle_rad, strict=True)
        minutiae = [
            {
                "id": int(number),
                "x_px": round(float(x), 2),
                "y_px": round(float(y), 2),
                "angle_rad": round(float(a), 4),
            }
            for number, x, y, a in rows
        ]
        return {
            "finger": self.finger,
            "impression": self.impression,
            "ppi": self.scan.ppi,
            "minutiae": minutiae,
        }


def master(seed: int, finger: int, flow: Flow = USUAL) -> MasterFinger:
    """Finger number `finger` of a seed, its ridges as calm, and as far apart, as `flow` has them."""
    return draw_finger(np.random.default_rng([seed, finger]), flow=flow)


def labelled_scan(
    drawn: MasterFinger, seed: int, finger: int, impression: int, settings: ImpressionSettings = ORDINARY
) -> LabelledScan:
    """Impression number `impression` of a finger of a seed, at 500 ppi."""
    rng = np.random.default_rng([seed, finger, impression])
    made = draw_impression(rng, drawn.ridges, drawn.minutiae, settings)
    visible = np.flatnonzero(made.visible)
    name = f"{finger}_{impression}"
    scan = Scan(_enlarged(made), SCAN_PPI, source=f"synthetic {name}")
    return LabelledScan(name, finger, impression, scan, _at_scan_ppi(made.minutiae, visible), visible)


def synthesise(
    fingers: int = 10, impressions: int = 8, seed: int = 7, settings: ImpressionSettings = ORDINARY
) -> Iterator[LabelledScan]:
    """Labelled scans, finger by finger.

    `fpverify synth ridges` draws the same fingers of a seed, but other pictures of them: by one kind of sensor, optical
    unless told otherwise, where the settings here are those of a sensor that differs from scan to scan.

    Args:
        fingers: how many, at least 1.
        impressions: of each finger, at least 1.
        seed: of the whole set.
        settings: how fingers are put down and drawn; `replace(ORDINARY, sensor=SENSORS["optical"])` are those of
            `write_ridges`.
    """
    for what, number in (("fingers", fingers), ("impressions", impressions), ("seed", seed)):
        if not isinstance(number, int | np.integer) or number < (what != "seed"):
            raise SettingsError(f"{what}: {number!r:.60} is no whole number from {int(what != 'seed')} on")
    for finger in range(1, fingers + 1):
        yield from _scans_of_finger(finger, impressions, seed, settings)


def write_ridges(
    out: Path,
    *,
    fingers: int,
    impressions: int,
    seed: int = 7,
    workers: int = 1,
    labels: bool = False,
    sensor: str = "optical",
    progress: bool = False,
    workforce: Workforce | None = None,
) -> int:
    """Writes `<finger>_<impression>.bmp` files, 500 ppi in the header; not the pictures of `synthesise`, see there.

    Args:
        out: folder, made if missing.
        fingers: how many, at least 1.
        impressions: of each finger, at least 1.
        seed: of the whole set.
        workers: processes; the files do not depend on it.
        labels: also write `<finger>_<impression>.json` with exact minutiae and correspondences.
        sensor: a key of `sensor.SENSORS`.
        progress: show a bar on standard error when it is a terminal.
        workforce: who draws; processes of this machine if not given. The files are written here.

    Returns:
        The number of scans written.
    """
    from tqdm import tqdm

    out.mkdir(parents=True, exist_ok=True)
    drawing = _Drawing(impressions, seed, sensor, labels)
    with nullcontext(workforce) if workforce is not None else local_workforce(max(1, workers)) as chosen:
        drawn = answers(chosen, drawing, range(1, fingers + 1))
        for _, files in tqdm(
            drawn, total=fingers, unit="finger", desc="synthesising", disable=None if progress else True
        ):
            for name, content in files:
                (out / name).write_bytes(content)
    return fingers * impressions


@dataclass(frozen=True, slots=True)
class MasterPool:
    """Many master fingers on disk, memory-mapped: cheap to share between processes.

    Attributes:
        folder: holds `<shard>.npy` (ridges, int8) and `<shard>.labels.npz` (minutiae and patterns).
        fingers: how many.
    """

    folder: Path
    fingers: int

    @classmethod
    def create(
        cls,
        folder: str | Path,
        fingers: int,
        seed: int,
        flow: Flow = USUAL,
        *,
        workers: int = 1,
        progress: bool = False,
    ) -> MasterPool:
        """Draws what is missing and opens the pool; a killed call is continued by the next.

        Args:
            folder: made if missing; holds pools, each of one seed and flow.
            fingers: how many, at least 1.
            seed: of the pool.
            flow: how calmly its ridges run, and how far apart.
            workers: processes.
            progress: show a bar on standard error when it is a terminal.
        """
        from tqdm import tqdm

        pool = cls(Path(folder) / f"{flow.name}-{seed}", fingers)
        pool.folder.mkdir(parents=True, exist_ok=True)
        missing = [shard for shard in range(-(-fingers // SHARD)) if not pool._labels_path(shard).exists()]
        with local_workforce(max(1, workers)) as workforce:
            done = answers(workforce, _Sharding(pool, seed, flow), missing)
            for _ in tqdm(done, total=len(missing), unit="shard", desc="fingers", disable=None if progress else True):
                pass
        return pool

    def finger(self, number: int, *, mirrored: bool = False) -> tuple[FloatArray, Minutiae]:
        """Ridges (height, width) float32 and minutiae of finger `number`, from 0; mirrored it is another finger."""
        shard, row = divmod(number, SHARD)
        ridges = np.load(self._ridges_path(shard), mmap_mode="r")[row].astype(np.float32) / INT8_STEP
        labels = _read(self._labels_path(shard))
        x, y, angle = labels["minutiae"][labels["finger"] == row].T
        if mirrored:
            ridges, x, angle = np.ascontiguousarray(ridges[:, ::-1]), ridges.shape[1] - 1 - x, np.pi - angle
        return ridges, Minutiae(x, y, angle, np.ones_like(x))

    def patterns(self) -> NDArray[np.str_]:
        """The class of each finger as it is drawn, unmirrored, a key of `orientation.CLASS_FREQUENCIES`; (fingers,)."""
        shards = range(-(-self.fingers // SHARD))
        return np.concatenate([_read(self._labels_path(shard))["pattern"] for shard in shards])[: self.fingers]

    def _ridges_path(self, shard: int) -> Path:
        return self.folder / f"{shard:05d}.npy"

    def _labels_path(self, shard: int) -> Path:
        return self.folder / f"{shard:05d}.labels.npz"


@cache  # a batch of one pattern asks for the patterns of all shards
def _read(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path) as stored:
        return dict(stored)


@dataclass(frozen=True, slots=True)
class _Sharding:
    """Begins to draw the shards of a pool."""

    pool: MasterPool
    seed: int
    flow: Flow

    def __call__(self, _: None) -> Callable[[int], int]:
        return lambda shard: _write_shard(shard, self.pool, self.seed, self.flow)


def _write_shard(shard: int, pool: MasterPool, seed: int, flow: Flow) -> int:
    drawn = [master(seed, finger, flow) for finger in range(shard * SHARD, (shard + 1) * SHARD)]
    ridges = np.stack([np.rint(one.ridges * INT8_STEP).astype(np.int8) for one in drawn])
    rows = [np.stack([one.minutiae.x_px, one.minutiae.y_px, one.minutiae.angle_rad], 1) for one in drawn]
    owner = np.repeat(np.arange(SHARD), [len(part) for part in rows])
    with _replacing(pool._ridges_path(shard)) as part:
        np.save(part, ridges)
    with _replacing(pool._labels_path(shard)) as part:
        np.savez(part, minutiae=np.concatenate(rows), finger=owner, pattern=[one.pattern for one in drawn])
    return len(drawn)


class _replacing:  # noqa: N801 - used as a statement
    """A file that appears whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_name(f"part-{os.getpid()}-{path.name}")

    def __enter__(self) -> Path:
        return self._part

    def __exit__(self, failed: object, *_: object) -> None:
        if failed is None:
            self._part.replace(self._path)
        else:
            self._part.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Begins to draw the impressions of fingers; arguments as of `write_ridges`."""

    impressions: int
    seed: int
    sensor: str
    labels: bool

    def __call__(self, _: None) -> Callable[[int], list[tuple[str, bytes]]]:
        return self._files

    def _files(self, finger: int) -> list[tuple[str, bytes]]:
        """Names and contents of a finger's files."""
        settings = replace(ORDINARY, sensor=SENSORS[self.sensor])
        made = _scans_of_finger(finger, self.impressions, self.seed, settings)
        return [one for scan in made for one in _files_of(scan, labels=self.labels)]


def _files_of(made: LabelledScan, *, labels: bool) -> Iterator[tuple[str, bytes]]:
    picture = io.BytesIO()
    Image.fromarray(made.scan.pixels).save(picture, "BMP", dpi=(made.scan.ppi, made.scan.ppi))
    yield f"{made.name}.bmp", picture.getvalue()
    if labels:
        yield f"{made.name}.json", (json.dumps(made.labels()) + "\n").encode()


def _scans_of_finger(finger: int, impressions: int, seed: int, settings: ImpressionSettings) -> Iterator[LabelledScan]:
    drawn = master(seed, finger)
    for impression in range(1, impressions + 1):
        yield labelled_scan(drawn, seed, finger, impression, settings)


def _enlarged(made: Impression) -> ByteArray:
    factor = SCAN_PPI / WORKING_PPI
    image = cv2.resize(made.image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def _at_scan_ppi(minutiae: Minutiae, kept: np.ndarray) -> Minutiae:
    factor = np.float32(SCAN_PPI / WORKING_PPI)
    shift = (factor - 1) / 2  # pixel centres: the first working pixel covers the first two of the scan
    x, y = (axis[kept] * factor + shift for axis in (minutiae.x_px, minutiae.y_px))
    return Minutiae(x, y, minutiae.angle_rad[kept], minutiae.quality[kept])
