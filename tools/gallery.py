"""Really extracted templates of many synthetic fingers, in a cache that a later call goes on with.

    python tools/gallery.py CACHE [--fingers 40000] [--workers 1] [--model NAME|DIR]

Every finger has its first impression; those of every fourth block have two more, an ordinary and a hard one. Fingers
2k and 2k + 1 are a master and its mirror image, which is a finger of its own and saves most of the time. CACHE then
holds a folder for each model, in it a file for every 50 fingers: NumPy arrays without objects, of templates in the
store's binary form. Ctrl-C or a kill loses the block that was being made, and the same call goes on.

Seconds of CPU: 0.15 for a master, 0.05 for each impression. Other tools of this folder read the cache.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy comes: one core a process

import cv2
import numpy as np
from tqdm import tqdm

from fpverify.errors import FailureToAcquire
from fpverify.matching import Matcher
from fpverify.models import Bundle, load_bundle
from fpverify.store import decode_template, encode_template
from fpverify.synthesis.dataset import ORDINARY, labelled_scan, master
from fpverify.synthesis.finger import MasterFinger
from fpverify.synthesis.impression import ImpressionSettings
from fpverify.synthesis.sensor import SENSORS
from fpverify.vocabulary import Minutiae, Template

SEED = 61261124  # neither training nor calibration draws from it
FINGERS = 40_000  # as many again as a gallery of 20,000: they are the probes of nobody enrolled
BLOCK = 50  # fingers in a file: about 10 s of work
INTERRUPTED = 130  # exit code, as a shell has it
OWN = (
    8  # blocks of which a finger is made again, half a second of work: too few to see what happens to one in a hundred
)
PROBED = 4  # of so many blocks one has further impressions
FIRST, ORDINARY_PROBE, HARD_PROBE = 1, 2, 3  # impressions
NAME = re.compile(r"(\d{6})\.npz")
HARD = ImpressionSettings(
    rotation_rad=0.7,
    shift_px=30.0,
    centre_px=(12.0, 20.0),
    hardness=(0.4, 1.9),
    bend_px=5.0,
    stretch=0.06,
    faint=0.15,
    ghosts=0.1,
    blotches=0.15,
    wrinkles=0.15,
    roughness=(0.0, 0.4),
    swept=0.1,
    small=0.15,
    specks=0.2,
    streaks=0.2,
)  # nearly what training sees: fingers off centre, dry, worn, faint, swept; every seventh on a small sensor


class OtherMakeError(Exception):
    """A cache was made by another generator or another extraction than this one."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """An impression and what came of it.

    Attributes:
        finger: number, from 0.
        impression: `FIRST`, `ORDINARY_PROBE` or `HARD_PROBE`.
        template: None if it failed to acquire.
    """

    finger: int
    impression: int
    template: Template | None


@dataclass(frozen=True, slots=True)
class GalleryCache:
    """The blocks that one model has so far.

    Attributes:
        folder: of the model.
    """

    folder: Path

    @classmethod
    def of(cls, cache: Path, bundle: Bundle) -> GalleryCache:
        """The part of a cache that belongs to a model: one of another minutia map or descriptor has another."""
        refusing = ("seam_map", "drawn_map")  # which change nothing of what they let pass
        files = [name for name in sorted(bundle.card.files) if not name.startswith(refusing)]
        networks = " ".join(f"{name} {bundle.card.files[name]}" for name in files)
        digest = hashlib.sha256(networks.encode()).hexdigest()[:12]
        return cls(cache / f"{bundle.model_id}-{digest}-{SEED}")

    def blocks(self) -> list[int]:
        """Numbers of the blocks that are there."""
        if not self.folder.is_dir():
            return []
        return sorted(int(found[1]) for path in self.folder.iterdir() if (found := NAME.fullmatch(path.name)))

    def path(self, block: int) -> Path:
        """Where a block lies."""
        return self.folder / f"{block:06d}.npz"

    def read(self, block: int) -> Iterator[Made]:
        """What a block holds, finger by finger."""
        with np.load(self.path(block), allow_pickle=False) as stored:
            finger, impression, end, records = (stored[name] for name in ("finger", "impression", "end", "records"))
        start = 0
        for number, which, stop in zip(finger.tolist(), impression.tolist(), end.tolist(), strict=True):
            record = records[start:stop].tobytes()
            yield Made(number, which, decode_template(record) if record else None)
            start = stop

    def write(self, block: int, made: Sequence[Made]) -> None:
        """Keeps a block: all of it or nothing, whatever happens meanwhile."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        records = [_record(one.template) for one in made]
        part = self.folder / f"part-{os.getpid()}-{block:06d}.npz"
        try:
            np.savez(
                part,
                finger=np.array([one.finger for one in made], np.int64),
                impression=np.array([one.impression for one in made], np.int8),
                end=np.cumsum([len(record) for record in records], dtype=np.int64),
                records=np.frombuffer(b"".join(records), np.uint8),
            )
            part.replace(self.path(block))
        finally:
            part.unlink(missing_ok=True)

    def all(self, most_fingers: int | None = None) -> Iterator[Made]:
        """What all blocks hold, or the first of them, with a bar."""
        blocks = [one for one in self.blocks() if most_fingers is None or one * BLOCK < most_fingers]
        for block in tqdm(blocks, desc="reading the cache", unit="block", disable=None):
            yield from self.read(block)

    def require_own(self, matcher: Matcher) -> None:
        """Nothing, if this generator and this model still make what the first finger of some blocks shows.

        Raises:
            OtherMakeError: they do not.
        """
        blocks = self.blocks()
        for block in blocks[:: max(1, len(blocks) // OWN)]:
            kept = next(self.read(block))
            again = impressions_of(kept.finger, (FIRST,), matcher)[0]
            if _record(kept.template) != _record(again.template):
                raise OtherMakeError(f"{self.folder} was made by another generator or extraction; give another folder")


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes what is missing."""
    given = _parsed(arguments)
    cache = GalleryCache.of(given.cache, load_bundle(given.model))
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    try:
        cache.require_own(Matcher.load(given.model))
        make_missing(cache, given)
    except KeyboardInterrupt:
        print(f"{_state(cache)}; the same call goes on", file=sys.stderr)
        return INTERRUPTED
    except OtherMakeError as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        signal.signal(signal.SIGTERM, before)
    print(_state(cache))
    return 0


def make_missing(cache: GalleryCache, given: argparse.Namespace) -> None:
    """Makes the blocks that are not there, with a bar."""
    wanted = range(-(-given.fingers // BLOCK))
    missing = sorted(set(wanted) - set(cache.blocks()))
    with tqdm(total=len(wanted), initial=len(wanted) - len(missing), unit="block", disable=None) as bar:
        for _ in made_blocks(cache, missing, given.model, given.workers):
            bar.update()


def made_blocks(cache: GalleryCache, missing: Sequence[int], model: str | None, workers: int) -> Iterator[int]:
    """Makes blocks, in no certain order; yields their numbers when they are kept."""
    job = partial(make_block, cache=cache, model=model)
    if workers <= 1:
        yield from map(job, missing)
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield from pool.map(job, missing)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def make_block(block: int, cache: GalleryCache, model: str | None) -> int:
    """One block."""
    cv2.setNumThreads(1)
    matcher = _matcher(model)
    which = (FIRST, ORDINARY_PROBE, HARD_PROBE) if block % PROBED == 0 else (FIRST,)
    made = []
    for number in range(block * BLOCK // 2, (block + 1) * BLOCK // 2):
        drawn = master(SEED, number)
        made += [
            one for finger in (2 * number, 2 * number + 1) for one in impressions_of(finger, which, matcher, drawn)
        ]
    cache.write(block, made)
    return block


def impressions_of(
    finger: int, which: Sequence[int], matcher: Matcher, drawn: MasterFinger | None = None
) -> list[Made]:
    """Some impressions of a finger, extracted.

    Args:
        finger: number, from 0.
        which: impressions.
        matcher: of the model.
        drawn: its master, or that of the finger it mirrors; drawn here if not given.
    """
    whole = master(SEED, finger // 2) if drawn is None else drawn
    own = mirrored(whole) if finger % 2 else whole
    return [Made(finger, one, _template(matcher, own, finger, one)) for one in which]


def mirrored(finger: MasterFinger) -> MasterFinger:
    """The finger that a mirror shows: no other impression of the same."""
    known, width = finger.minutiae, finger.ridges.shape[1]
    minutiae = Minutiae(width - 1 - known.x_px, known.y_px, np.pi - known.angle_rad, known.quality)
    return MasterFinger(np.ascontiguousarray(finger.ridges[:, ::-1]), minutiae, finger.pattern)


def settings_of(finger: int, impression: int) -> ImpressionSettings:
    """How an impression is made; all of a finger are of one sensor, and the sensors take turns."""
    sensor = list(SENSORS.values())[finger // 2 % len(SENSORS)]
    return replace(HARD if impression == HARD_PROBE else ORDINARY, sensor=sensor)


def _record(template: Template | None) -> bytes:
    return b"" if template is None else encode_template(template)


def _template(matcher: Matcher, own: MasterFinger, finger: int, impression: int) -> Template | None:
    try:
        return matcher.template(labelled_scan(own, SEED, finger, impression, settings_of(finger, impression)).scan)
    except FailureToAcquire:
        return None


_MATCHERS: dict[str | None, Matcher] = {}  # one a process: loading takes as long as a finger


def _matcher(model: str | None) -> Matcher:
    if model not in _MATCHERS:
        _MATCHERS[model] = Matcher.load(model)
    return _MATCHERS[model]


def _state(cache: GalleryCache) -> str:
    return f"{len(cache.blocks()) * BLOCK:,} fingers in {cache.folder}"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path, help="folder; made if missing")
    parser.add_argument("--fingers", type=int, default=FINGERS, help="how many in all")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--model", help="shipped name or folder; the release if not given")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
