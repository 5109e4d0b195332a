"""Records of pictures written and read back, and damaged ones read: nothing but equal, or refused in one line.

    python tools/transactions.py [--written 200] [--changed 20000] [--seed N]

Transactions and records of every format that is written are made of random pictures, written, read and held against
what went in. Then they are changed at random as `tools/fuzz.py` changes files, and read: an answer has no more than its
file, an error is one of fpverify's of one line, and neither takes longer than a second. A wrong acceptance is a change
of a picture's length, or of how many there are, of which no note tells. Printed is a line for each part; the exit code
is 1 if anything was found.
"""

from __future__ import annotations

import argparse
import io
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from fuzz import changed
from PIL import Image
from tqdm import tqdm

from fpverify.errors import FpverifyError
from fpverify.formats.containers import IMAGE_FORMATS, images_from_bytes, images_to_bytes
from fpverify.vocabulary import Rating
from fpverify.vocabulary.images import Compression, FingerImage, ImageRecord, Segment

SEED = 35_002
SLOWEST_S = 1.0
KINDS: tuple[Compression, ...] = ("none", "png", "jpeg", "jpeg2000")
PILLOWS = {"png": "PNG", "jpeg": "JPEG", "jpeg2000": "JPEG2000"}
ONE_KIND = ("iso2005-image", "ansi2004-image", "an2-type4")


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes, reads, changes and reads again."""
    given = _parsed(arguments)
    rng = np.random.default_rng(given.seed)
    sound: list[tuple[bytes, ImageRecord]] = []
    unequal = 0
    for number in tqdm(range(given.written), unit="file", disable=None):
        name = list(IMAGE_FORMATS)[number % len(IMAGE_FORMATS)]
        record = made(rng, name)
        content, _ = images_to_bytes(record, format=name)
        read = images_from_bytes(content)
        unequal += alike(read, name) != alike(record, name)
        sound.append((content, read))
    print(f"written and read back: {given.written - unequal} of {given.written} equal")
    found = Counter(tried(rng, sound) for _ in tqdm(range(given.changed), unit="file", disable=None))
    print("changed: " + ", ".join(f"{count} {what}" for what, count in sorted(found.items())))
    return int(unequal > 0 or bool(found.keys() - {"read", "refused", "read with a note"}))


def made(rng: np.random.Generator, name: str) -> ImageRecord:
    """A record of random pictures that a format can hold."""
    ppi, kind = float(rng.choice([500.0, 1000.0])), KINDS[rng.integers(len(KINDS))]
    images = []
    for number in range(1, int(rng.integers(2, 16))):
        own = kind if name in ONE_KIND and name != "an2-type4" else KINDS[rng.integers(len(KINDS))]
        resolution = ppi if name in ONE_KIND else float(rng.choice([500.0, 1000.0]))
        images.append(picture(rng, own, resolution, number, name))
    facts = (("date", "20240229"), ("number", str(rng.integers(10**9)))) if name.startswith("an2") else ()
    return ImageRecord(tuple(images), format=name, facts=facts)


def picture(rng: np.random.Generator, kind: Compression, ppi: float, number: int, name: str) -> FingerImage:
    """A picture of noise, of a finger or, in type 14, of a slap."""
    height, width = (int(side) for side in rng.integers(20, 90, 2))
    pixels = rng.integers(0, 256, (height, width), np.uint8)
    data = pixels.tobytes()
    if kind != "none":
        content = io.BytesIO()
        Image.fromarray(pixels).save(content, PILLOWS[kind])
        data = content.getvalue()
    slap = name == "an2" and rng.random() < 0.3
    return FingerImage(
        data,
        kind,
        width,
        height,
        (ppi, ppi),
        13 if slap else int(rng.integers(0, 11)),
        int(rng.integers(0, 4)),
        ratings=() if name == "an2-type4" else (Rating(int(rng.integers(1, 101))),),
        missing=((3, "amputated"),) if slap else (),
        segments=(Segment(2, 1, 9, 0, 19),) if slap else (),
        number=number,
        type={"an2": 14, "an2-type4": 4}.get(name, 0),
    )


def alike(record: ImageRecord, name: str) -> tuple[object, ...]:
    """What of a record has to come back: in image records pictures are numbered by finger."""
    images = record.images if name.startswith("an2") else tuple(replace(one, number=0) for one in record.images)
    facts = dict(record.facts)
    return images, facts.get("date"), facts.get("number"), record.notes


def tried(rng: np.random.Generator, sound: Sequence[tuple[bytes, ImageRecord]]) -> str:
    """What came of one changed file."""
    content, before = sound[int(rng.integers(len(sound)))]
    data = changed(rng, content)
    start = time.process_time()
    try:
        read = images_from_bytes(data)
        answer = _judged(read, before, data)
    except FpverifyError as error:
        answer = "refused in several lines" if "\n" in str(error) else "refused"
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}"
    return "too slow" if time.process_time() - start > SLOWEST_S else answer


def _judged(read: ImageRecord, before: ImageRecord, data: bytes) -> str:
    if sum(len(one.data) for one in read.images) > len(data):
        return "read beyond the file"
    if read.notes:
        return "read with a note"
    lengths = [len(one.data) for one in read.images]
    return "read" if lengths == [len(one.data) for one in before.images] else "wrongly accepted"


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--written", type=int, default=200)
    parser.add_argument("--changed", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=SEED)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
