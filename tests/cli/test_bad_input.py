"""Whatever is wrong: one line on standard error, the right exit code, and the store as it was."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fpverify.store import Store

Call = Callable[..., Any]

USAGE, NO_DECISION = 2, 3

VERIFY = "verify {scan} --id A --model {edges}"
ENROLL = "enroll {scan} --id B --model {edges}"


def png_claiming(width: int, height: int) -> bytes:
    """A small file that states a huge image."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = b"IDAT" + zlib.compress(b"\0" * 1000)
    chunks = (struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (head, body))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + struct.pack(">I", 0) + b"IEND\xaeB`\x82"


def flat(path: Path, grey: int, size: tuple[int, int] = (300, 300)) -> None:
    Image.fromarray(np.full(size, grey, np.uint8)).save(path, dpi=(500, 500))


def cut(source: Path, path: Path, share: float) -> None:
    content = source.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def damaged(source: Path, path: Path, at: float) -> None:
    content = bytearray(source.read_bytes())
    start = int(len(content) * at)
    content[start : start + 64] = bytes(64)
    path.write_bytes(content)


@pytest.fixture(scope="module")
def material(
    tmp_path_factory: pytest.TempPathFactory, stripes: Path, edges_model: Path, make_edges_model: Callable[..., Path]
) -> Path:
    """A folder with one of everything that can be wrong, which nothing changes."""
    folder = tmp_path_factory.mktemp("material") / "bad"
    folder.mkdir()
    good = stripes / "A_01.bmp"
    for name in ("whole.png", "whole.jpg", "whole.tif"):
        Image.open(good).save(folder / name, dpi=(500, 500))
    (folder / "empty.bmp").touch()
    (folder / "text.bmp").write_text("not an image, just a letter\n" * 99)
    (folder / "random.png").write_bytes(np.random.default_rng(1).bytes(4096))
    (folder / "bomb.png").write_bytes(png_claiming(60000, 60000))
    cut(good, folder / "cut.bmp", 0.5)
    for ending in ("png", "jpg", "tif"):
        cut(folder / f"whole.{ending}", folder / f"cut.{ending}", 0.5)
    damaged(folder / "whole.png", folder / "damaged.png", 0.6)
    flat(folder / "white.png", 255)
    flat(folder / "black.bmp", 0)
    flat(folder / "grey.tif", 128)
    flat(folder / "dot.png", 128, (1, 1))
    Image.fromarray(np.random.default_rng(2).integers(0, 255, (5, 200)).astype(np.uint8)).save(
        folder / "sliver.png", dpi=(500, 500)
    )
    (folder / "document.pdf").write_bytes(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n")
    os.mkfifo(folder / "pipe.bmp")
    (folder / "loop.bmp").symlink_to(folder / "loop.bmp")
    make_edges_model(folder / "other-model", "other-1")
    _bad_models(folder, edges_model)
    _bad_stores(folder)
    _bad_sets(folder, stripes)
    return folder


@pytest.fixture
def places(material: Path, stripes: Path, edges_model: Path) -> dict[str, Path]:
    """What the commands below call by name."""
    return {"bad": material, "scan": stripes / "A_01.bmp", "edges": edges_model, "stripes": stripes}


def _bad_models(folder: Path, edges_model: Path) -> None:
    for name in ("tampered", "headless", "scrambled", "incomplete"):
        shutil.copytree(edges_model, folder / name)
    damaged(edges_model / "whole_print.tflite", folder / "tampered/whole_print.tflite", 0.5)
    (folder / "headless/card.yaml").unlink()
    (folder / "scrambled/card.yaml").write_text("id: [unclosed")
    (folder / "incomplete/whole_print.tflite").unlink()


def _bad_stores(folder: Path) -> None:
    (folder / "text.sqlite").write_text("not a database, just a letter\n" * 99)
    with sqlite3.connect(folder / "foreign.sqlite") as foreign:
        foreign.execute("CREATE TABLE contacts (name TEXT)")
    foreign.close()


def _bad_sets(folder: Path, stripes: Path) -> None:
    for name in ("nothing", "nameless", "one-finger"):
        (folder / name).mkdir()
    shutil.copy(stripes / "A_00.bmp", folder / "nameless/finger.bmp")
    for name in ("A_00.bmp", "A_01.bmp"):
        shutil.copy(stripes / name, folder / "one-finger")
    shutil.copytree(stripes, folder / "odd-set")
    (folder / "odd-set/fpverify-set.yaml").write_text("dpi: 500")
    shutil.copytree(stripes, folder / "piped-set")
    os.mkfifo(folder / "piped-set/A_99.bmp")
    shutil.copytree(stripes, folder / "torn-set")
    cut(stripes / "A_00.bmp", folder / "torn-set/B_99.bmp", 0.5)
    shutil.copytree(stripes, folder / "mixture/set")
    shutil.copytree(folder / "one-finger", folder / "mixture/finger")
    (folder / "pairs.csv").write_text("probe,reference\nA_00,A_01\nA_00,Z_01\n")
    (folder / "recipe.yaml").write_text("steps: [unclosed")


# what is wrong -> (command, exit code, what the line says)
CASES: dict[str, tuple[str, int, str]] = {
    "no scan of that name": ("verify {bad}/none.bmp --id A --model {edges}", 3, "none.bmp"),
    "a folder as scan": ("verify {bad} --id A --model {edges}", 3, "bad"),
    "an empty file": ("verify {bad}/empty.bmp --id A --model {edges}", 3, "empty.bmp"),
    "text": ("verify {bad}/text.bmp --id A --model {edges}", 3, "text.bmp"),
    "random bytes": ("verify {bad}/random.png --id A --model {edges}", 3, "random.png"),
    "half a BMP": ("verify {bad}/cut.bmp --id A --model {edges}", 3, "cut.bmp"),
    "half a PNG": ("enroll {bad}/cut.png --id B --model {edges}", 3, "cut.png"),
    "half a JPEG": ("enroll {bad}/cut.jpg --id B --model {edges}", 3, "cut.jpg"),
    "half a TIFF": ("enroll {bad}/cut.tif --id B --model {edges}", 3, "cut.tif"),
    "a PNG with a hole": ("enroll {bad}/damaged.png --id B --model {edges}", 3, "damaged.png"),
    "a decompression bomb": ("enroll {bad}/bomb.png --id B --model {edges}", 3, "bomb.png"),
    "a document": ("enroll {bad}/document.pdf --id B --model {edges}", 3, "document.pdf"),
    "a pipe": ("verify {bad}/pipe.bmp --id A --model {edges}", 3, "pipe.bmp"),
    "a link to itself": ("verify {bad}/loop.bmp --id A --model {edges}", 3, "loop.bmp"),
    "a device": ("verify /dev/zero --id A --model {edges}", 3, "/dev/zero"),
    "a name too long": ("verify " + "x" * 300 + ".bmp --id A --model {edges}", 3, "xxx"),
    "a name that is no text": ("verify \udcff.bmp --id A --model {edges}", 3, r"\udcff.bmp"),
    "a white image": ("enroll {bad}/white.png --id B --model {edges}", 3, "white.png"),
    "a black image": ("enroll {bad}/black.bmp --id B --model {edges}", 3, "black.bmp"),
    "a grey image": ("verify {bad}/grey.tif --id A --model {edges}", 3, "grey.tif"),
    "one pixel": ("verify {bad}/dot.png --id A --model {edges}", 3, "dot.png"),
    "a sliver": ("verify {bad}/sliver.png --id A --model {edges}", 3, "sliver.png"),
    "a resolution of zero": (VERIFY + " --ppi 0", 2, "no resolution"),
    "a negative resolution": (VERIFY + " --ppi -500", 2, "no resolution"),
    "a resolution that is no number": (ENROLL + " --ppi fine", 2, "no resolution"),
    "a resolution of NaN": (ENROLL + " --ppi nan", 2, "no resolution"),
    "a resolution no sensor has": (ENROLL + " --ppi 9000", 3, "9000"),
    "an empty id": ("enroll {scan} --id= --model {edges}", 3, "empty"),
    "an id of two lines": ("enroll {scan} --id B\nC --model {edges}", 3, "U+000A"),
    "an id without end": ("enroll {scan} --id " + "B" * 999 + " --model {edges}", 3, "999 characters"),
    "an unknown id": ("verify {scan} --id B --model {edges}", 3, "enrollments.sqlite"),
    "an unknown id to show": ("show --id B", 3, "enrollments.sqlite"),
    "an unknown id to delete": ("delete --id B", 3, "enrollments.sqlite"),
    "a finger that is not enrolled": (VERIFY + " --finger left-thumb", 3, "left-thumb"),
    "a finger to delete that is not enrolled": ("delete --id A --finger left-thumb", 3, "left-thumb"),
    "a finger that nobody has": (ENROLL + " --finger sixth", 2, "right-thumb"),
    "no id": ("enroll {scan} --model {edges}", 2, "--id"),
    "no scan": ("verify --id A", 2, "SCAN"),
    "an unknown option": (VERIFY + " --threshold 5", 2, "--threshold"),
    "an unknown command": ("recognise {scan}", 2, "recognise"),
    "a word too many": ("list twice", 2, "twice"),
    "a second scan to enroll that is not there": (ENROLL + " twice", 3, "twice"),
    "one scan twice to enroll": (ENROLL + " {scan}", 3, "the same picture as"),
    "a second scan that is not there": (VERIFY + " twice", 3, "twice"),
    "one scan twice": (VERIFY + " {scan}", 3, "the same picture as"),
    "one scan twice to identify": ("identify {scan} {scan} --model {edges}", 3, "the same picture as"),
    "a finger too many": (VERIFY + " --finger left-thumb --finger right-thumb", 2, "2 fingers are named for 1 scan"),
    "an option without its value": ("verify {scan} --id", 2, "--id"),
    "a rate of zero": (VERIFY + " --fmr 0", 2, "no false match rate"),
    "a rate above one": (VERIFY + " --fmr 1.5", 2, "no false match rate"),
    "a rate of NaN": (VERIFY + " --fmr nan", 2, "no false match rate"),
    "a rate that is no number": (VERIFY + " --fmr low", 2, "no false match rate"),
    "a rate without evidence": (VERIFY + " --fmr 1e-9", 3, "lies outside it"),
    "an unknown model": ("verify {scan} --id A --model best", 3, "'best'"),
    "a folder that is no model": ("verify {scan} --id A --model {bad}/nothing", 3, "nothing"),
    "a model without its card": ("verify {scan} --id A --model {bad}/headless", 3, "headless"),
    "a model with a scrambled card": ("verify {scan} --id A --model {bad}/scrambled", 3, "scrambled"),
    "a model that was tampered with": ("enroll {scan} --id B --model {bad}/tampered", 3, "hash"),
    "a model without its network": ("enroll {scan} --id B --model {bad}/incomplete", 3, "whole_print.tflite"),
    "a template of another model": ("verify {scan} --id A --model {bad}/other-model", 3, "edges-1"),
    "no store": (VERIFY + " --db nowhere", 3, "nowhere"),
    "no store to list": ("list --db nowhere", 3, "nowhere"),
    "text as store": (VERIFY + " --db {bad}/text.sqlite", 3, "text.sqlite"),
    "another program's database": (ENROLL + " --db {bad}/foreign.sqlite", 3, "another program"),
    "a store behind a URL": (ENROLL + " --db ftp://host/store", 3, "ftp"),
    "a store in no folder": (ENROLL + " --db no/such/folder", 3, "does not exist"),
    "a folder of prints that is none": ("evaluate nowhere --model {edges}", 3, "nowhere"),
    "a folder without prints": ("evaluate {bad}/nothing --model {edges}", 3, "no images"),
    "a name without finger": ("evaluate {bad}/nameless --model {edges}", 3, "finger.bmp"),
    "a single finger": ("evaluate {bad}/one-finger --model {edges}", 3, "two fingers"),
    "an unknown protocol": ("evaluate {stripes} --protocol best", 2, "best"),
    "a missing folder": ("evaluate", 2, "missing argument 'FOLDER...', or --store"),
    "an unknown key of a set": ("evaluate {bad}/odd-set --model {edges}", 3, "'dpi' is no setting of a set"),
    "sets beside fingers": ("evaluate {bad}/mixture --model {edges}", 3, "looks like a set"),
    "one sensor across": ("evaluate {stripes} --protocol cross-sensor --model {edges}", 2, "two folders"),
    "pairs without a list": ("evaluate {stripes} --protocol pairs", 2, "--pairs go together"),
    "a list without pairs": ("evaluate {stripes} --protocol fvc --pairs {bad}/pairs.csv", 2, "--pairs go together"),
    "a list that is none": ("evaluate {stripes} --pairs nowhere.csv --model {edges}", 3, "nowhere.csv"),
    "a list with an unknown name": ("evaluate {stripes} --pairs {bad}/pairs.csv --model {edges}", 3, "pairs.csv:3:"),
    "a folder beside the store": ("evaluate {stripes} --store", 2, "no folders"),
    "a store nobody asked for": ("evaluate {stripes} --db enroll_db", 2, "--store"),
    "a store across sensors": ("evaluate --store --protocol cross-sensor", 2, "--store goes with"),
    "a store of one impression": ("evaluate --store --model {edges}", 3, "1 prints of 1 fingers"),
    "no store to evaluate": ("evaluate --store --db nowhere --model {edges}", 3, "nowhere"),
    "a store of another model": ("evaluate --store --model {bad}/other-model", 3, "edges-1"),
    "a cache in a file": ("evaluate {stripes} --model {edges} --cache {bad}/text.bmp", 3, "text.bmp"),
    "a set twice": ("evaluate {stripes} {stripes} --model {edges}", 3, "give each set once"),
    "scores into no folder": ("evaluate {stripes} --scores no/scores.csv", 2, "no folder"),
    "metrics into a folder": ("evaluate {stripes} --metrics {bad}", 2, "it is a folder"),
    "a ROC of no format": ("evaluate {stripes} --roc roc.txt", 2, ".png"),
    "no workers": ("evaluate {stripes} --workers 0", 2, "no number of processes"),
    "no fingers": ("synth ridges --fingers 0 --out new", 2, "--fingers"),
    "an unknown sensor": ("synth ridges --sensor tongue --out new", 2, "capacitive"),
    "stripes of no width": ("synth stripes --width 0 --out new", 2, "--width"),
    "a range upside down": ("synth stripes --shift 9:3 --out new", 2, "--shift"),
    "a file as folder": ("synth stripes --out {bad}/text.bmp", 3, "text.bmp"),
    "an unknown model to show": ("models best", 3, "'best'"),
}


def words_of(command: str, **places: object) -> list[str]:
    return [word.format(**places) for word in command.split(" ")]


def dump(store: Path) -> str:
    """A hash of everything the store holds."""
    with sqlite3.connect(store) as connection:
        lines = "\n".join(connection.iterdump())
    connection.close()
    return hashlib.sha256(lines.encode()).hexdigest()


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_line_and_changes_nothing(
    case: str, call: Call, enrolled: Path, places: dict[str, Path]
) -> None:
    command, code, said = CASES[case]
    before, files = dump(enrolled), all_files(places["bad"])
    ended = call(*words_of(command, **places))
    assert (ended.code, ended.out) == (code, "")
    assert ended.err.startswith("fpverify: ")
    assert ended.err.count("\n") == 1
    assert said in ended.err
    assert "internal error" not in ended.err
    assert dump(enrolled) == before
    assert all_files(places["bad"]) == files


def all_files(material: Path) -> list[Path]:
    """What lies in the working directory and in the material."""
    return sorted([*Path.cwd().rglob("*"), *material.rglob("*")])


def test_at_least_forty_kinds_are_tried() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize(
    ("text", "said"), [("fmr: 7", "fmr: 7"), ("threshold: 3", "threshold"), ("a: [", "line"), ("- a", "no settings")]
)
def test_bad_settings_are_wrong_use(verify: Call, enrolled: Path, text: str, said: str) -> None:
    Path("fpverify.yaml").write_text(text)
    ended = verify("A_01.bmp")
    assert (ended.code, ended.err.count("\n")) == (USAGE, 1)
    assert ended.err.startswith("fpverify: fpverify.yaml")
    assert said in ended.err


def test_a_bad_variable_is_wrong_use(verify: Call, enrolled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FPVERIFY_FMR", "seldom")
    ended = verify("A_01.bmp")
    assert (ended.code, ended.err.count("\n")) == (USAGE, 1)
    assert "FPVERIFY_FMR" in ended.err


def test_a_damaged_store_is_named(call: Call, verify: Call, enrolled: Path) -> None:
    content = enrolled.read_bytes()
    for kept in (content[: len(content) // 2], content[:4096] + bytes(len(content) - 4096)):
        enrolled.write_bytes(kept)
        for ended in (verify("A_01.bmp"), call("list")):
            assert (ended.code, ended.err.count("\n")) == (NO_DECISION, 1)
            assert "damaged" in ended.err
        assert enrolled.read_bytes() == kept


def test_a_locked_store_is_named(enroll: Call, verify: Call, enrolled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Store.open
    monkeypatch.setattr(Store, "open", lambda *words, **flags: opened(*words, **flags, timeout_s=0.1))
    holder = sqlite3.connect(enrolled, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        for ended in (verify("A_01.bmp"), enroll("A_01.bmp")):
            assert (ended.code, ended.err.count("\n")) == (NO_DECISION, 1)
            assert "held by another process" in ended.err
    finally:
        holder.close()


def test_an_enrollment_that_fails_makes_no_store(call: Call, material: Path, edges_model: Path) -> None:
    for scan in ("none.bmp", "cut.bmp"):
        assert call("enroll", material / scan, "--id", "A", "--model", edges_model).code == NO_DECISION
    assert not Path("enroll_db").exists()
