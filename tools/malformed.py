"""Malformed files of every format, and what it costs to decode or refuse each: seconds, and the most memory.

    python tools/malformed.py [--kind KIND ...] [--files 200] [--seed 1] [--way service|once] [--json]

For each format: its bombs, files whose structure is work beyond all proportion; then truncated ones; then some with
bytes changed. `--way service` gives all of a format to one process that waits for images, as the service does; `once`
is what `read_scan` does. Memory is the resident peak of the processes that decode. 3 if a file took more than five
seconds or 300 MB.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fpverify.errors import ScanError

MOST_S = 5.0
MOST_MB = 300.0
UPLOAD = 19_900_000  # bytes of a bomb: what a service takes
SIDE = 4000  # px of the largest picture that is read
TRUNCATED = 0.3  # of the files that are no bombs

Bomb = Callable[[], bytes]


@dataclass(frozen=True)
class Cost:
    """What the files of a format cost.

    Attributes:
        kind: of the files.
        files: how many.
        read: of them, how many gave a picture.
        median_s: of one.
        slowest_s: the most of any.
        slowest: its name.
        memory_mb: resident peak of the processes that decoded.
    """

    kind: str
    files: int
    read: int
    median_s: float
    slowest_s: float
    slowest: str
    memory_mb: float

    @property
    def reached(self) -> bool:
        """Whether all stayed within the limits."""
        return self.slowest_s <= MOST_S and self.memory_mb <= MOST_MB


def rings(side: int = 300) -> NDArray[np.uint8]:
    """A picture that is some work to compress: rings and noise."""
    y, x = np.mgrid[:side, :side] - side / 2
    grey = 128 + 90 * np.cos(np.hypot(x, y) * 0.7) + np.random.default_rng(0).normal(0, 6, (side, side))
    return np.asarray(np.clip(grey, 0, 255), np.uint8)


def saved(kind: str, pixels: NDArray[Any] | Image.Image, **options: object) -> bytes:
    """An image file."""
    stream = io.BytesIO()
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    image.save(stream, kind, **options)
    return stream.getvalue()


# --- BMP ----------------------------------------------------------------------------------------------------------


def bmp_runs(codes: bytes, length: int = UPLOAD) -> bytes:
    """A BMP of 4000 x 4000 px in run lengths: these codes, again and again."""
    body = (codes * (length // len(codes) + 1))[:length]
    start = 54 + 1024
    head = b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start)
    head += struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 8, 1, len(body), 0, 0, 256, 256)
    return head + bytes(1024) + body


# --- PNG ----------------------------------------------------------------------------------------------------------


def png(*chunks: tuple[bytes, bytes], side: int = SIDE, depth: int = 8, colour: int = 0, interlaced: int = 0) -> bytes:
    """A PNG of these chunks, after its header and before its end."""
    header = struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, interlaced)
    return b"\x89PNG\r\n\x1a\n" + b"".join(map(png_chunk, [(b"IHDR", header), *chunks, (b"IEND", b"")]))


def png_chunk(named: tuple[bytes, bytes]) -> bytes:
    """One chunk."""
    name, body = named
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png_of_many(chunk: tuple[bytes, bytes]) -> bytes:
    """As many of one chunk as an upload takes."""
    one, whole = png_chunk(chunk), png((b"IDAT", zlib.compress(bytes(SIDE * (SIDE + 1)))))
    return whole[:33] + one * (UPLOAD // len(one) - 2000) + whole[33:]


def png_in_crumbs() -> bytes:
    """Pixels a byte a chunk."""
    packed = zlib.compress(np.random.default_rng(0).integers(0, 256, SIDE * 400).astype(np.uint8).tobytes(), 1)
    return png(*((b"IDAT", packed[k : k + 1]) for k in range(min(len(packed), UPLOAD // 14))))


def png_of_nothing(block: bytes) -> bytes:
    """Pixels of deflate blocks without content."""
    return png((b"IDAT", b"\x78\x01" + block * (UPLOAD // len(block) - 100)))


# --- TIFF ---------------------------------------------------------------------------------------------------------


def tiff(tags: Sequence[tuple[int, int, int, bytes]], rest: bytes, following: int = 0) -> bytes:
    """A TIFF of one folder: tags as number, type, count and value."""
    entries = b"".join(
        struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0") for tag, kind, count, value in tags
    )
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", following) + rest


def tiff_picture(*more: tuple[int, int, int, bytes], compression: int = 1) -> list[tuple[int, int, int, bytes]]:
    """The tags of 4000 x 4000 grey levels."""
    number = struct.Struct("<I").pack
    known = [(256, 4, 1, number(SIDE)), (257, 4, 1, number(SIDE)), (258, 3, 1, number(8))]
    return sorted([*known, (259, 3, 1, number(compression)), (262, 3, 1, number(1)), (277, 3, 1, number(1)), *more])


def tiff_of_folders() -> bytes:
    """A folder after the other."""
    empty = struct.Struct("<HI")
    return tiff([], b"".join(empty.pack(0, 14 + 6 * (k + 1)) for k in range(UPLOAD // 6 - 9)), following=14)


def tiff_of_shared_tags(starts: bytes = b"") -> bytes:
    """65,535 tags, each of the same 15 MB."""
    number = struct.Struct("<I").pack
    tags = [(1000 + k, 7, 15_000_000, number(2_000_000)) for k in range(64_000)]
    return starts + tiff(tags, bytes(UPLOAD - 2_000_000 - 800_000))


def tiff_of_strips(lengths: int, compression: int = 1) -> bytes:
    """As many strips as an upload has room for, all of the same bytes."""
    number = struct.Struct("<I").pack
    count = 2_000_000
    places = struct.pack("<I", 200) * count + struct.pack("<I", lengths) * count
    tags = tiff_picture(
        (273, 4, count, number(400)),
        (278, 4, 1, number(1)),
        (279, 4, count, number(400 + 4 * count)),
        compression=compression,
    )
    return tiff(tags, b"").ljust(400, b"\0") + places


def tiff_packed(packed: bytes, compression: int) -> bytes:
    """4000 x 4000 grey levels in one strip."""
    number = struct.Struct("<I").pack
    tags = tiff_picture(
        (273, 4, 1, number(400)), (278, 4, 1, number(SIDE)), (279, 4, 1, number(len(packed))), compression=compression
    )
    return tiff(tags, b"").ljust(400, b"\0") + packed


# --- JPEG ---------------------------------------------------------------------------------------------------------


def jpeg_segment(marker: int, body: bytes) -> bytes:
    """A marker, its length, its content."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def jpeg_of_scans(scans: int, side: int = SIDE) -> bytes:
    """A progressive JPEG whose scans go over all blocks to change nothing: 32 bytes of "the next 32,767 are done".

    The first of them has the blocks' means, of one bit each.
    """
    blocks = ((side + 7) // 8) ** 2
    tables = b"".join(jpeg_segment(0xC4, bytes([kind << 4, 1, *[0] * 15, code])) for kind, code in ((0, 0), (1, 0xE0)))
    start = b"\xff\xd8" + jpeg_segment(0xDB, bytes([0] + [1] * 64))
    start += jpeg_segment(0xC2, struct.pack(">BHHBBBB", 8, side, side, 1, 1, 0x11, 0)) + tables
    first = jpeg_segment(0xDA, bytes([1, 1, 0, 0, 0, 0])) + bytes((blocks + 7) // 8)
    bits = ("0" + "1" * 14) * -(-blocks // 32767)
    bits += "1" * (-len(bits) % 8)
    code = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return start + first + (jpeg_segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + code) * scans + b"\xff\xd9"


def jpeg_with(segment: bytes, length: int = UPLOAD) -> bytes:
    """An ordinary JPEG with this segment again and again."""
    whole = saved("JPEG", rings())
    return whole[:2] + segment * ((length - len(whole)) // len(segment)) + whole[2:]


def jpeg_with_shared_exif() -> bytes:
    """EXIF of many segments, whose tags share their megabytes."""
    exif = tiff_of_shared_tags()[:15_000_000]
    parts = [exif[k : k + 65_000] for k in range(0, len(exif), 65_000)]
    whole = saved("JPEG", rings())
    return whole[:2] + b"".join(jpeg_segment(0xE1, b"Exif\0\0" + part) for part in parts) + whole[2:]


def noise(mode: str, side: int = SIDE) -> Image.Image:
    """A picture that no coder shortens."""
    planes = len(Image.new(mode, (1, 1)).getbands())
    values = np.random.default_rng(0).integers(0, 256, (side, side, planes)).astype(np.uint8)
    return Image.frombytes(mode, (side, side), values.tobytes())


# --- all ----------------------------------------------------------------------------------------------------------


def wsq_of_comments() -> bytes:
    """Segments without end."""
    return b"\xff\xa0" + b"\xff\xa8\x00\x02" * (UPLOAD // 4)


BOMBS: dict[str, dict[str, Bomb]] = {
    "bmp": {
        "runs of one": lambda: bmp_runs(b"\x01\x07"),
        "runs of one, 4 MB": lambda: bmp_runs(b"\x01\x07", 3_990_000),
        "ends of lines": lambda: bmp_runs(b"\0\0", 3_990_000),
        "jumps": lambda: bmp_runs(b"\0\x02\0\0", 3_990_000),
        "literals": lambda: bmp_runs(b"\0\x03abc\0", 3_990_000),
    },
    "png": {
        "empty chunks": lambda: png_of_many((b"teSt", b"")),
        "unfolding texts": lambda: png_of_many((b"zTXt", b"a\0\0" + zlib.compress(bytes(1_000_000), 9))),
        "unfolding profiles": lambda: png_of_many((b"iCCP", b"a\0\0" + zlib.compress(bytes(1_000_000), 9))),
        "crumbs": png_in_crumbs,
        "empty blocks": lambda: png_of_nothing(b"\0\0\0\xff\xff"),
        "deep and interlaced": lambda: png(
            (b"IDAT", zlib.compress(bytes(SIDE * (SIDE + 9) * 8))), depth=16, colour=6, interlaced=1
        ),
        "shared EXIF": lambda: png(
            (b"eXIf", tiff_of_shared_tags()), (b"IDAT", zlib.compress(bytes(300 * 301))), side=300
        ),
    },
    "tiff": {
        "folders": tiff_of_folders,
        "a folder that follows itself": lambda: tiff([], bytes(99), following=8),
        "shared tags": tiff_of_shared_tags,
        "strips": lambda: tiff_of_strips(4000),
        "empty strips": lambda: tiff_of_strips(0),
        "packed strips": lambda: tiff_of_strips(40, 32773),
        "deflate": lambda: tiff_packed(zlib.compress(bytes(SIDE * SIDE * 60), 9), 8),
        "JPEG of scans": lambda: tiff_packed(jpeg_of_scans(20_000), 7),
    },
    "jpeg": {
        "99 scans": lambda: jpeg_of_scans(99),
        "1,000 scans": lambda: jpeg_of_scans(1000),
        "20,000 scans": lambda: jpeg_of_scans(20_000),
        "600,000 scans": lambda: jpeg_of_scans(600_000),
        "empty segments": lambda: jpeg_with(jpeg_segment(0xE5, b"")),
        "tables": lambda: jpeg_with(jpeg_segment(0xDB, bytes([0] + [1] * 64))),
        "Photoshop": lambda: jpeg_with(jpeg_segment(0xED, b"Photoshop 3.0\0" + b"8BIM\0\0\0\0\0\0\0\0" * 5000)),
        "shared EXIF": jpeg_with_shared_exif,
        "large and progressive": lambda: saved("JPEG", noise("CMYK"), quality=40, progressive=True)[:UPLOAD],
    },
    "jpeg2000": {
        "four colours": lambda: saved("JPEG2000", noise("RGBA"), quality_mode="rates", quality_layers=[12])[:UPLOAD],
        "empty and large": lambda: saved("JPEG2000", Image.new("RGB", (SIDE, SIDE))),
        "tiles": lambda: saved("JPEG2000", Image.new("L", (SIDE, SIDE)), tile_size=(16, 16)),
        "layers": lambda: saved("JPEG2000", rings(1000), quality_layers=[*range(100, 1, -1)]),
    },
    "pgm": {
        "numbers": lambda: b"P2\n3100 3100\n255\n" + b"0 9 " * (3100 * 3100 // 2),
        "numbers, 4 MB": lambda: (b"P2\n1400 1400\n255\n" + b"0 " * (1400 * 1400))[:3_990_000],
        "bits": lambda: (b"P1\n1990 1990\n" + b"01" * (1995 * 1000))[:3_990_000],
        "a comment": lambda: b"P5\n#" + b"a" * (UPLOAD - 100_000) + b"\n300 300\n255\n" + rings().tobytes(),
        "blanks": lambda: b"P5" + b" " * (UPLOAD - 100_000) + b"300 300\n255\n" + rings().tobytes(),
        "comments between numbers": lambda: b"P2\n300 300\n255\n" + b"#\n" * 1_990_000,
        "deep and large": lambda: b"P6 1820 1820 65535\n" + bytes(1820 * 1820 * 6),
    },
    "wsq": {"comments": wsq_of_comments},
}


def valid(kind: str) -> list[bytes]:
    """Files as they should be, to be damaged."""
    grey, deep = rings(), rings().astype(np.uint16) * 257
    colours = Image.fromarray(grey).convert("RGB")
    made: dict[str, Callable[[], list[bytes]]] = {
        "bmp": lambda: [saved("BMP", grey), saved("BMP", colours), bmp_runs(b"\x09\x07", 3000)],
        "png": lambda: [saved("PNG", grey, dpi=(500, 500)), saved("PNG", deep), saved("PNG", colours.convert("P"))],
        "tiff": lambda: [
            *(saved("TIFF", grey, compression=one) for one in ("raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg")),
            saved("TIFF", deep),
        ],
        "jpeg": lambda: [saved("JPEG", grey), saved("JPEG", colours, progressive=True)],
        "jpeg2000": lambda: [saved("JPEG2000", grey), saved("JPEG2000", colours, no_jp2=True)],
        "pgm": lambda: [saved("PPM", grey), saved("PPM", colours), b"P2 40 40 255\n" + b"17 " * 1600],
        "wsq": _wsq,
    }
    return made[kind]()


def _wsq() -> list[bytes]:
    import wsq  # noqa: F401 - teaches Pillow to write it

    return [saved("WSQ", rings())]


def malformed(kind: str, count: int, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """Names and contents of files.

    Args:
        kind: of `BOMBS`.
        count: how many; the bombs come first.
        rng: what is cut off and changed.
    """
    bombs = list(BOMBS[kind].items())[:count]
    for name, bomb in bombs:
        yield name, bomb()
    yield from damaged(kind, count - len(bombs), rng)


def damaged(kind: str, count: int, rng: np.random.Generator) -> Iterator[tuple[str, bytes]]:
    """Names and contents of files that were sound, and then cut off or changed."""
    wholes = valid(kind)
    for k in range(count):
        whole = wholes[k % len(wholes)]
        if rng.random() < TRUNCATED:
            yield f"truncated {k}", whole[: int(rng.integers(1, len(whole)))]
        else:
            yield f"changed {k}", changed(whole, rng)


def changed(whole: bytes, rng: np.random.Generator) -> bytes:
    """A file with some bytes changed, most of them at its beginning, where a change says most."""
    data = bytearray(whole)
    for _ in range(int(rng.integers(1, 9))):
        most = len(data) if rng.random() < TRUNCATED else min(len(data), 400)
        data[int(rng.integers(most))] = int(rng.choice([0, 1, 127, 128, 255, int(rng.integers(256))]))
    return bytes(data)


def measured(kind: str, folder: Path, way: str) -> Cost:
    """Decodes the files of a folder. Memory is the peak of this process' children, so it does nothing else."""
    from fpverify.scans.images import decode
    from fpverify.scans.isolation import Decoder

    decoder = Decoder()
    decoder.wait(60)
    seconds: dict[str, float] = {}
    read = 0
    for file in sorted(folder.iterdir()):
        data = file.read_bytes()
        start = time.perf_counter()
        try:
            (decoder.decode if way == "service" else decode)(data, file.name)
            read += 1
        except ScanError:
            pass
        seconds[file.name] = time.perf_counter() - start
    decoder.close()
    slowest = max(seconds, key=lambda name: seconds[name])
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
    return Cost(kind, len(seconds), read, statistics.median(seconds.values()), seconds[slowest], slowest, memory)


def write(kind: str, folder: Path, count: int, seed: int) -> None:
    """Writes the files of a format."""
    for name, data in malformed(kind, count, np.random.default_rng(seed)):
        (folder / name).write_bytes(data)


def in_a_process(*words: str) -> str:
    """What this program says in a process of its own, whose memory is its own."""
    done = subprocess.run([sys.executable, __file__, *words], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def main(words: Sequence[str] | None = None) -> int:
    """Prints what each format costs; 3 if one costs too much."""
    given = parsed(words)
    if given.write or given.measure:
        (kind,) = given.kind
        if given.write:
            write(kind, given.write, given.files, given.seed)
        else:
            print(json.dumps(asdict(measured(kind, given.measure, given.way))))
        return 0
    reached = True
    for kind in given.kind or BOMBS:
        with tempfile.TemporaryDirectory() as folder:
            in_a_process(f"--kind={kind}", f"--write={folder}", f"--files={given.files}", f"--seed={given.seed}")
            cost = Cost(**json.loads(in_a_process(f"--kind={kind}", f"--measure={folder}", f"--way={given.way}")))
        print(json.dumps(asdict(cost)) if given.as_json else line(cost), flush=True)
        reached &= cost.reached
    return 0 if reached else 3


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", action="append", choices=list(BOMBS), help="all if not given")
    parser.add_argument("--files", type=int, default=200, help="of each format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--way", choices=["service", "once"], default="service")
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="only write the files of a kind")
    parser.add_argument("--measure", type=Path, metavar="FOLDER", help="only decode files of a kind")
    return parser.parse_args(words)


def line(cost: Cost) -> str:
    """The cost in words."""
    return (
        f"{cost.kind:<10}{cost.files} files, {cost.read} read; {1000 * cost.median_s:.0f} ms at the median, "
        f"{cost.slowest_s:.1f} s at most ({cost.slowest}); {cost.memory_mb:.0f} MB"
    )


if __name__ == "__main__":
    sys.exit(main())
