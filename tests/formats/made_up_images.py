"""Records of pictures that nobody's finger made, and transactions as other programs write them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

from fpverify.vocabulary import Rating
from fpverify.vocabulary.images import Compression, FingerImage, ImageRecord, Segment

FS, GS, RS, US = "\x1c", "\x1d", "\x1e", "\x1f"
ONE_KIND = ("iso2005-image", "ansi2004-image", "an2-type4")  # state one resolution for all pictures


def grey(rng: np.random.Generator, height: int = 40, width: int = 48) -> np.ndarray:
    return rng.integers(0, 256, (height, width), np.uint8)


def coded(pixels: np.ndarray, kind: Compression) -> bytes:
    if kind == "none":
        return pixels.tobytes()
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, {"png": "PNG", "jpeg": "JPEG", "jpeg2000": "JPEG2000"}[kind])
    return content.getvalue()


def image(rng: np.random.Generator, format: str, number: int, kind: Compression, ppi: float) -> FingerImage:
    height, width = (int(side) for side in rng.integers(20, 60, 2))
    transaction = format.startswith("an2")
    slap = format == "an2" and rng.random() < 0.3
    return FingerImage(
        coded(grey(rng, height, width), kind),
        kind,
        width,
        height,
        (ppi, ppi),
        13 if slap else int(rng.integers(0, 11)),
        int(rng.integers(0, 4)),
        ratings=() if format == "an2-type4" or rng.random() < 0.5 else (Rating(int(rng.integers(1, 101))),),
        missing=((3, "amputated"), (5, "unprintable")) if slap else (),
        segments=(Segment(2, 1, 9, 0, 19), Segment(4, 10, 19, 1, 12)) if slap else (),
        number=number,
        type={"an2": 14, "an2-type4": 4}.get(format, 0) if transaction else 0,
    )


def record(seed: int, format: str) -> ImageRecord:
    """A record that a format can hold, as reading it yields it."""
    rng = np.random.default_rng(seed)
    kinds: tuple[Compression, ...] = ("none", "png", "jpeg", "jpeg2000")
    count = int(rng.integers(1, 15))
    alike = format in ONE_KIND
    kind, ppi = kinds[rng.integers(4)], float(rng.choice([500.0, 1000.0]))
    images: list[FingerImage] = []
    for number in range(1, count + 1):
        own = kind if alike and format != "an2-type4" else kinds[rng.integers(4)]
        images.append(image(rng, format, number, own, ppi if alike else float(rng.choice([500.0, 1000.0]))))
    return ImageRecord(tuple(images), format=format, facts=(("date", "20240229"), ("number", f"T{seed}")))


def transaction(records: Sequence[tuple[int, bytes]], first: str = "", listed: str | None = None) -> bytes:
    """A transaction with these records after the first, each (type, its bytes)."""
    entries = [f"1{US}{len(records)}", *(f"{kind}{US}{at:02d}" for at, (kind, _) in enumerate(records, 1))]
    body = f"{GS}1.002:0400{GS}1.003:{listed or RS.join(entries)}{GS}1.004:CAR{first}"
    return tagged(1, body.encode()) + b"".join(content for _, content in records)


def tagged(kind: int, body: bytes, *, off: int = 0, end: bytes = b"\x1c", zeros: int = 3) -> bytes:
    """A record of text whose length is off by so much."""
    tag = f"{kind}.{1:0{zeros}d}:".encode()
    length = len(tag) + len(body) + len(end)
    length += len(str(length + len(str(length))))
    return tag + str(length + off).encode() + body + end


def type_14(pixels: np.ndarray, number: int = 1, *, off: int = 0, end: bytes = b"\x1c", **fields: str) -> bytes:
    """A record of type 14 without compression; fields by name replace or add to its own."""
    height, width = pixels.shape
    own = {
        "002": f"{number:02d}", "003": "0", "004": "X", "005": "20200101", "006": str(width), "007": str(height),
        "008": "1", "009": "500", "010": "500", "011": "NONE", "012": "8", "013": "2",
    }  # fmt: skip
    own |= {name.removeprefix("f"): value for name, value in fields.items()}
    body = "".join(f"{GS}14.{name}:{value}" for name, value in sorted(own.items())).encode()
    return tagged(14, body + b"\x1d14.999:" + pixels.tobytes(), off=off, end=end)


def type_4(pixels: np.ndarray, number: int = 1, finger: int = 2, *, impression: int = 1, code: int = 0) -> bytes:
    """A record of type 4 without compression."""
    height, width = pixels.shape
    head = bytes([number, impression, finger, *[255] * 5, code]) + height_and(width, height) + b"\0"
    return (4 + len(head) + pixels.size).to_bytes(4, "big") + head + pixels.tobytes()


def height_and(width: int, height: int) -> bytes:
    return width.to_bytes(2, "big") + height.to_bytes(2, "big")
