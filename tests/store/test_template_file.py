"""A template in a file of its own: it comes back as it was, or is refused."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fpverify.errors import CorruptRecord, StoreError, WrongKey
from fpverify.store import Store, encode_template
from fpverify.store.archive import HEADER, RECORD, ArchiveWriter, Block
from fpverify.store.template_file import KeptTemplate, is_template_file, read_template, write_template
from fpverify.store.transfer import export_archive, opened_archive
from fpverify.vocabulary import Minutiae, Template

PASSPHRASE = "correct horse battery"  # noqa: S105
CHEAP = 10  # scrypt's cost, so that tests take no time


@pytest.fixture
def kept() -> KeptTemplate:
    rng = np.random.default_rng(1)
    minutiae = Minutiae(
        *(rng.integers(0, 100, 12).astype(np.float32) for _ in range(2)), *np.zeros((2, 12), np.float32)
    )
    descriptors = rng.integers(-15, 15, (12, 64)).astype(np.int8)
    return KeptTemplate(Template("model-1", 0.8, minutiae, descriptors), "left-thumb", 500.0, "file", 101.5)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_template_comes_back_as_it_was(kept: KeptTemplate, tmp_path: Path, passphrase: str | None) -> None:
    size = write_template(tmp_path / "a.fpt", kept, passphrase, CHEAP)
    back = read_template(tmp_path / "a.fpt", passphrase)
    assert encode_template(back.template) == encode_template(kept.template)
    assert (back.finger, back.ppi, back.ppi_source, back.area_mm2) == ("left-thumb", 500.0, "file", 101.5)
    assert back.made_at is not None
    assert size == (tmp_path / "a.fpt").stat().st_size
    assert is_template_file(tmp_path / "a.fpt")


def test_a_whole_print_has_no_area(kept: KeptTemplate, tmp_path: Path) -> None:
    write_template(tmp_path / "a.fpt", replace(kept, area_mm2=None), None)
    assert read_template(tmp_path / "a.fpt", None).area_mm2 is None


@pytest.mark.skipif(os.name != "posix", reason="modes")
def test_the_file_is_its_owners_alone_and_new(kept: KeptTemplate, tmp_path: Path) -> None:
    path = tmp_path / "a.fpt"
    write_template(path, kept, None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(StoreError, match="already"):
        write_template(path, kept, None)
    assert list(tmp_path.iterdir()) == [path]


def test_a_sealed_file_shows_nothing_and_opens_by_its_passphrase_alone(kept: KeptTemplate, tmp_path: Path) -> None:
    path = tmp_path / "a.fpt"
    write_template(path, kept, PASSPHRASE, CHEAP)
    assert b"model-1" not in path.read_bytes()
    for wrong in (None, "another one altogether"):
        with pytest.raises(WrongKey, match="passphrase"):
            read_template(path, wrong)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_every_flipped_bit_is_seen(kept: KeptTemplate, tmp_path: Path, passphrase: str | None) -> None:
    path = tmp_path / "a.fpt"
    write_template(path, kept, passphrase, CHEAP)
    whole = path.read_bytes()
    step = 1 if passphrase is None else 29  # a guess at a passphrase takes a millisecond even so
    for at in range(0, len(whole), step):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :])
        with pytest.raises(StoreError):
            read_template(path, passphrase)
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        with pytest.raises(StoreError):
            read_template(path, passphrase)


def written(path: Path, *blocks: Block) -> Path:
    stream = io.BytesIO()
    writer = ArchiveWriter(stream, None)
    for block in blocks:
        writer.write(block)
    writer.finish(records=1)
    path.write_bytes(stream.getvalue())
    return path


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("finger", "left-toe"),
        ("model", "model-2"),
        ("quality", 0.1),
        ("ppi", -1.0),
        ("ppi", "500"),
        ("ppi_source", "hearsay"),
        ("area_mm2", 0.0),
        ("template_bytes", 1),
        ("template_bytes", None),
    ],
)
def test_what_was_put_together_by_somebody_else_is_looked_at(
    kept: KeptTemplate, tmp_path: Path, name: str, value: object
) -> None:
    record = encode_template(kept.template)
    fields = {"finger": "unknown", "model": "model-1", "quality": kept.template.quality, "area_mm2": 1.0, "ppi": 500.0}
    fields |= {"ppi_source": "file", "template_bytes": len(record)}
    header = Block(HEADER, {"holds": "template", "made_at": "2026-01-01"})
    sound = written(tmp_path / "sound.fpt", header, Block(RECORD, fields, record))
    assert read_template(sound, None).finger == "unknown"
    altered = written(tmp_path / "altered.fpt", header, Block(RECORD, fields | {name: value}, record))
    with pytest.raises(CorruptRecord):
        read_template(altered, None)


def test_archives_of_stores_and_templates_are_told_apart(kept: KeptTemplate, tmp_path: Path) -> None:
    with Store.open(tmp_path / "db", key="none") as store:
        store.add("A", "unknown", kept.template)
        export_archive(store, tmp_path / "store.fpva", passphrase=None)
    with pytest.raises(CorruptRecord, match="fpverify import"):
        read_template(tmp_path / "store.fpva", None)
    write_template(tmp_path / "a.fpt", kept, None)
    with pytest.raises(StoreError, match="fpverify template"), opened_archive(tmp_path / "a.fpt", None):
        pass


def test_more_than_a_template_is_not_read(kept: KeptTemplate, tmp_path: Path) -> None:
    large = tmp_path / "large.fpt"
    write_template(large, kept, None)
    with large.open("ab") as file:
        file.truncate((1 << 20) + 1)
    with pytest.raises(CorruptRecord, match="more than a template"):
        read_template(large, None)
    record = Block(RECORD, {"template_bytes": 0}, b"")
    two = written(tmp_path / "two.fpt", Block(HEADER, {"holds": "template", "made_at": ""}), record, record)
    with pytest.raises(CorruptRecord, match="one record"):
        read_template(two, None)


def test_other_files_are_no_templates(tmp_path: Path) -> None:
    (tmp_path / "a.bmp").write_bytes(b"BM")
    assert not any(map(is_template_file, (tmp_path / "a.bmp", tmp_path / "none", tmp_path, "a\0b")))
