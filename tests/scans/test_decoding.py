"""Whoever decodes a file gets the same picture; what would take time, memory or the process along, does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import malformed
import numpy as np
import pytest
from drawn import draw_print, encoded
from PIL import Image

from fpverify.errors import ScanError, ScanTooLarge, UnreadableScan
from fpverify.scans import Decoder, isolation, scan_from_bytes
from fpverify.scans.decoder import ANSWER
from fpverify.scans.decoding import raster
from fpverify.scans.images import decode
from fpverify.scans.isolation import VALUES, decoded_apart
from fpverify.scans.pictures import Picture, picture_of
from fpverify.scans.work import is_light

PRINT = draw_print(size_px=160, radius=1)
DEEP = PRINT.astype(np.uint16) * 257
COLOURS = Image.fromarray(np.stack([PRINT, PRINT.T, 255 - PRINT], 2))
AT_500 = {"dpi": (500, 500)}
TURNED = Image.Exif()
TURNED[0x0112] = 6  # as a camera held sideways says
AT_ONCE_S = 3.0  # of CPU, of what takes some 0.1 s
QUICK_S = 10.0  # of what takes some 0.1 s, on a machine that has much else to do


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    return malformed.saved(kind, image, **options)


FILES = {
    "BMP": encoded(PRINT, "BMP", **AT_500),
    "DIB": encoded(PRINT, "DIB"),
    "one bit": saved(Image.fromarray(PRINT).convert("1"), "BMP"),
    "palette": saved(COLOURS.convert("P"), "PNG"),
    "colours": saved(COLOURS, "PNG", **AT_500),
    "transparent": saved(COLOURS.convert("RGBA"), "PNG"),
    "grey and transparent": saved(COLOURS.convert("LA"), "PNG"),
    "16 bit": encoded(DEEP, "PNG", **AT_500),
    "TIFF": encoded(PRINT, "TIFF", **AT_500),
    "16 bit TIFF": encoded(DEEP, "TIFF"),
    "big-endian TIFF": saved(Image.fromarray(DEEP), "TIFF", big_tiff=False),
    "32 bit TIFF": encoded(PRINT.astype(np.int32) * 257, "TIFF"),
    "fractions": encoded((PRINT / np.float32(255)).astype(np.float32), "TIFF"),
    "packed TIFF": encoded(PRINT, "TIFF", compression="tiff_lzw", **AT_500),
    "CMYK": saved(COLOURS.convert("CMYK"), "TIFF"),
    "JPEG": encoded(PRINT, "JPEG", **AT_500),
    "progressive JPEG": saved(COLOURS, "JPEG", progressive=True),
    "MPO": encoded(PRINT, "MPO", save_all=True, append_images=[Image.fromarray(PRINT[::2, ::2].copy())]),
    "JPEG 2000": encoded(PRINT, "JPEG2000"),
    "16 bit JPEG 2000": encoded(DEEP, "JPEG2000"),
    "turned JPEG": saved(COLOURS, "JPEG", exif=TURNED),
    "turned PNG": saved(COLOURS, "PNG", exif=TURNED),
    "PNG with texts": malformed.png(
        (b"tEXt", b"Title\0\xe9"),
        (b"iTXt", "a\0\0\0\0\0é".encode()),
        (b"zTXt", b"a\0\0" + zlib.compress(b"b")),
        (b"IDAT", zlib.compress(bytes(90 * 91))),
        side=90,
    ),
    "PGM": encoded(PRINT, "PPM"),
    "plain PGM": b"P2 160 160 255\n" + b" ".join(b"%d" % grey for grey in PRINT.ravel()),
    # refused
    "half a BMP": encoded(PRINT, "BMP")[:9000],
    "half a JPEG 2000": encoded(PRINT, "JPEG2000")[:3000],
    "text": b"a letter " * 99,
    "GIF": encoded(PRINT, "GIF"),
    "two pages": encoded(PRINT, "TIFF", save_all=True, append_images=[Image.fromarray(PRINT)]),
    "a wide one": encoded(np.zeros((9, 4001), np.uint8), "PNG"),
    "levels above one": encoded(PRINT.astype(np.float32), "TIFF"),
    "scans": malformed.jpeg_of_scans(1000, 800),
}
REFUSED = list(FILES)[list(FILES).index("half a BMP") :]


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    waiting = Decoder()
    yield waiting
    waiting.close()


@pytest.fixture(scope="module")
def reusing() -> Iterator[Decoder]:
    """One whose forks meet three files."""
    waiting = Decoder(3)
    yield waiting
    waiting.close()


def outcome(decoding: object, data: bytes) -> tuple[object, ...]:
    """The picture, or the refusal, in a form that can be compared."""
    try:
        picture: Picture = decoding(data, "the file")  # type: ignore[operator]
    except ScanError as error:
        return type(error), str(error)
    return picture.pixels.shape, picture.pixels.tobytes(), picture.stated_ppi


def here(data: bytes, source: str) -> Picture:
    image, stated_ppi = raster(data, source)
    return picture_of(np.asarray(image), stated_ppi, source)


@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_the_same_picture_or_refusal_wherever_it_is_decoded(
    kind: str, decoder: Decoder, reusing: Decoder
) -> None:
    data = FILES[kind]
    expected = outcome(here, data)
    assert (expected[0] in {UnreadableScan, ScanTooLarge}) == (kind in REFUSED)
    assert outcome(decoded_apart, data) == expected
    assert outcome(decoder.decode, data) == expected
    for _ in range(2):
        assert outcome(reusing.decode, data) == expected


@pytest.mark.parametrize("mode", [mode for mode in VALUES if mode != "I;16N"])
def test_values_of_every_mode_cross_as_pillow_has_them(mode: str) -> None:
    dtype, channels = VALUES[mode]
    array = np.asarray(Image.new(mode, (3, 2)))
    assert array.dtype == np.dtype(dtype)
    assert array.shape == ((2, 3) if channels == 1 else (2, 3, channels))


def test_ordinary_scans_need_no_process_and_what_is_compressed_by_c_does() -> None:
    light = {kind for kind, data in FILES.items() if is_light(data)}
    assert {"BMP", "16 bit", "colours", "TIFF", "JPEG", "progressive JPEG", "PGM", "text"} <= light
    assert light.isdisjoint({"JPEG 2000", "packed TIFF", "plain PGM", "scans", "two pages"})


SLOW_TO_MAKE = {"four colours", "large and progressive", "deflate", "crumbs"}


@pytest.mark.parametrize(
    ("header", "light"),
    [
        *((b"P5 900 900 255\n", True), (b"P5 900 900 65535\n", True), (b"P4 900 900\n", True)),
        *((b"P5 900 900 4095\n", False), (b"P6 900 900 65535\n", False)),
        *((b"P5 9 9 4095\n", True), (b"P5\n# a\n# b\n9 # c\n9\n255\n", True)),
    ],
)
def test_values_that_are_scaled_one_by_one_are_light_work_where_they_are_few(header: bytes, light: bool) -> None:
    assert is_light(header + bytes(900 * 900 * 2 if b"900" in header else 200)) == light


BOMBS = [
    pytest.param(kind, name, marks=[pytest.mark.thorough] if name in SLOW_TO_MAKE else [])
    for kind, bombs in malformed.BOMBS.items()
    for name in bombs
]


@pytest.mark.parametrize(("kind", "name"), BOMBS)
def test_no_bomb_is_light(kind: str, name: str) -> None:
    assert not is_light(malformed.BOMBS[kind][name]())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: malformed.jpeg_of_scans(1000), "more than 100 scans"),
        (lambda: malformed.jpeg_of_scans(20_000), "more than 100 scans"),
        (malformed.BOMBS["bmp"]["runs of one"], "of run lengths"),
        (malformed.BOMBS["pgm"]["a comment"], "no PGM whose header ends"),
        (malformed.BOMBS["pgm"]["numbers"], "of numbers as text"),
    ],
)
def test_what_a_structure_tells_is_refused_at_once_and_says_why(make: malformed.Bomb, words: str) -> None:
    data = make()
    start = time.process_time()
    with pytest.raises(UnreadableScan, match=words):
        decode(data, "scan")
    assert time.process_time() - start < AT_ONCE_S


def test_an_ordinary_progressive_jpeg_stays() -> None:
    pixels = draw_print()
    scan = scan_from_bytes(encoded(pixels, "JPEG", progressive=True, quality=95, **AT_500))
    assert np.corrcoef(scan.pixels.ravel(), pixels.ravel())[0, 1] > 0.99


def test_a_jpeg_of_a_hundred_scans_is_counted_and_not_guessed() -> None:
    at_most = malformed.jpeg_of_scans(99, 400)
    behind = at_most + b"\xff\xda" * 500  # behind the end there may be anything
    assert decode(behind, "scan").pixels.shape == (400, 400)
    with pytest.raises(UnreadableScan, match="100 scans"):
        decode(malformed.jpeg_of_scans(100, 400), "scan")


def test_decoding_ends_in_time_and_the_next_file_is_decoded(decoder: Decoder) -> None:
    slow = malformed.BOMBS["png"]["empty chunks"]()
    start = time.monotonic()
    with pytest.raises(UnreadableScan, match="takes more than"):
        decoder.decode(slow, "scan", within_s=0.3)
    assert time.monotonic() - start < QUICK_S
    assert outcome(decoder.decode, FILES["BMP"]) == outcome(here, FILES["BMP"])


def test_a_process_that_is_started_for_a_file_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "SLOWEST_S", 0.5)
    start = time.monotonic()
    with pytest.raises(UnreadableScan, match="takes more than"):
        decoded_apart(malformed.BOMBS["png"]["empty chunks"](), "scan")
    assert time.monotonic() - start < QUICK_S


def test_decoding_beyond_its_memory_is_refused(decoder: Decoder) -> None:
    large = malformed.saved("JPEG2000", Image.new("RGBA", (4000, 4000)))
    with pytest.raises(UnreadableScan, match="in colours takes too much memory"):
        decoder.decode(large, "scan")
    assert decoder.decode(malformed.saved("JPEG2000", Image.new("L", (4000, 4000))), "scan").pixels.shape == (
        4000,
        4000,
    )


def test_the_memory_of_a_decoder_has_an_end() -> None:
    code = "from fpverify.scans.decoder import limit, MOST_MEMORY; limit('AS', MOST_MEMORY); bytearray(MOST_MEMORY)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MemoryError" in done.stderr


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_decoder_that_crashed_is_replaced(signal_number: int) -> None:
    decoder = Decoder()
    try:
        decoder.wait(60)
        assert decoder._process is not None
        os.kill(decoder._process.pid, signal_number)
        decoder._process.wait(10)
        assert outcome(decoder.decode, FILES["packed TIFF"]) == outcome(here, FILES["packed TIFF"])
    finally:
        decoder.close()


def forks(decoder: Decoder) -> list[int]:
    """Processes that a decoder has forked and that have not ended."""
    assert decoder._process is not None
    pid = decoder._process.pid
    found = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [one for one in found if is_running(one)]


def ended(pid: int) -> bool:
    """Whether a process ends in time."""
    end = time.monotonic() + QUICK_S
    while is_running(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not is_running(pid)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
def test_a_fork_meets_so_many_files_and_none_after_one_that_it_refused() -> None:
    good, bad = FILES["packed TIFF"], FILES["half a JPEG 2000"]
    decoder = Decoder(3)
    try:
        decoder.decode(good, "the file")
        (first,) = forks(decoder)
        decoder.decode(good, "the file")
        assert forks(decoder) == [first]
        decoder.decode(good, "the file")
        assert ended(first)
        decoder.decode(good, "the file")
        (second,) = forks(decoder)
        assert second != first
        with pytest.raises(UnreadableScan):
            decoder.decode(bad, "the file")
        assert ended(second)
        assert outcome(decoder.decode, good) == outcome(here, good)
    finally:
        decoder.close()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux")
@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_fork_that_crashed_costs_no_other_file(signal_number: int) -> None:
    good = FILES["packed TIFF"]
    decoder = Decoder(3)
    try:
        decoder.decode(good, "the file")
        (fork,) = forks(decoder)
        os.kill(fork, signal_number)
        assert ended(fork)
        assert outcome(decoder.decode, good) == outcome(here, good)
    finally:
        decoder.close()


def test_a_file_is_refused_for_no_faults_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[str]()

    def answered(data: bytes, source: str, within_s: float) -> Picture:
        asked.append(source)
        if source == "bad" or (source == "after others" and asked.count(source) == 1):
            raise UnreadableScan(f"{source}: damaged")
        return here(data, source)

    decoder = Decoder(3)
    try:
        monkeypatch.setattr(decoder, "_decoded", answered)
        for source in ("first", "after others"):
            assert decoder.decode(FILES["BMP"], source).pixels.shape == PRINT.shape
        with pytest.raises(UnreadableScan):
            decoder.decode(FILES["BMP"], "bad")
        with pytest.raises(UnreadableScan):
            decoder.decode(FILES["BMP"], "bad")
        assert asked == ["first", "after others", "after others", "bad", "bad", "bad"]
    finally:
        decoder.close()


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="needs Linux")
def test_a_decoder_has_a_bare_environment_and_can_open_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FPVERIFY_KEY", "env:SECRET")
    decoder = Decoder()
    try:
        decoder.wait(60)
        assert decoder._process is not None
        place = Path("/proc") / str(decoder._process.pid)
        assert b"FPVERIFY" not in (place / "environ").read_bytes()
        limits = {line[:26].strip(): line[26:].split()[:2] for line in (place / "limits").read_text().splitlines()}
        for kind in ("Max open files", "Max file size", "Max core file size"):
            assert limits[kind] == ["0", "0"]
    finally:
        decoder.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a decoder that waits")
def test_a_decoder_ends_with_whoever_started_it() -> None:
    code = (
        "import os; from fpverify.scans import Decoder; d = Decoder(); d.wait(60); print(d._process.pid); os._exit(1)"
    )
    done = subprocess.run([sys.executable, "-u", "-c", code], capture_output=True, text=True, check=False)
    end, pid = time.monotonic() + 10, int(done.stdout)
    while time.monotonic() < end and is_running(pid):
        time.sleep(0.05)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def test_closing_ends_a_decoder_at_its_work() -> None:
    import threading

    decoder = Decoder()
    decoder.wait(60)
    slow, said = malformed.BOMBS["png"]["empty chunks"](), []
    thread = threading.Thread(target=lambda: said.append(outcome(decoder.decode, slow)))
    thread.start()
    time.sleep(0.3)
    decoder.close()
    thread.join(QUICK_S)
    assert said
    assert said[0][0] is UnreadableScan


@pytest.mark.parametrize(
    "head",
    [
        b"",
        ANSWER.pack(b"CMYK", 9, 9, 0, 0),
        ANSWER.pack(b"\xff", 9, 9, 0, 0),
        ANSWER.pack(b"L", 0, 9, 0, 0),
        ANSWER.pack(b"L", 4001, 9, 0, 0),
        ANSWER.pack(b"refused", 2**31, 1, 0, 0),
    ],
)
def test_answers_that_cannot_be_are_none(head: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut short|no mode|no picture|ascii"):
        isolation._Answer(memoryview(head), "scan")


def test_a_message_is_one_short_line_whatever_a_decoder_says() -> None:
    text = b": a\nb\x1b[31m" + b"x" * 3000
    with pytest.raises(UnreadableScan) as caught:
        isolation._Answer(ANSWER.pack(b"refused", len(text), 1, 0, 0), "scan").picture(memoryview(text))
    assert str(caught.value).startswith("scan: a?b?[31mx")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600
