"""What an archive promises: it comes back as it was, and anything else is noticed and named."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from effort import THOROUGH, tries
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fpverify.errors import CorruptRecord, EnrollmentError, FpverifyError, NotEnrolled, StoreError, WrongKey
from fpverify.store import Store, encode_template
from fpverify.store.archive import END, HEADER, LEAST_COST, RECORD, SUBJECT, ArchiveWriter, Block, read_archive
from fpverify.store.inspection import inspect
from fpverify.store.subject_ids import require_plain, subject_id
from fpverify.store.transfer import Transfer, export_archive, import_archive, needs_passphrase, opened_archive
from fpverify.vocabulary import Scan

INDEX, THUMB = "right-index", "left-thumb"
SECRET = "correct horse battery"  # noqa: S105
BLOCKS = [
    Block(HEADER, {"store": "00"}),
    Block(SUBJECT, {"subject": "A", "metadata": {}, "impressions": 2}),
    Block(RECORD, {"impression": 1}, b"template one"),
    Block(RECORD, {"impression": 2}, b"template two"),
]


def written(blocks: list[Block], passphrase: str | None) -> bytes:
    stream = io.BytesIO()
    writer = ArchiveWriter(stream, passphrase, LEAST_COST)
    for block in blocks:
        writer.write(block)
    writer.finish(subjects=1, records=2)
    return stream.getvalue()


def read(archive: bytes, passphrase: str | None) -> list[Block]:
    return list(read_archive(io.BytesIO(archive), "file", passphrase))


def frames(archive: bytes) -> list[tuple[int, int]]:
    """Start and end of every block."""
    found, start = [], 27
    while start < len(archive):
        end = start + 13 + int.from_bytes(archive[start + 9 : start + 13], "little")
        found.append((start, end))
        start = end
    return found


ARCHIVES = {secret: written(BLOCKS, secret) for secret in (None, SECRET)}
BOTH = pytest.mark.parametrize("secret", [None, SECRET], ids=["plain", "passphrase"])


@BOTH
def test_blocks_come_back_as_they_were_written(secret: str | None) -> None:
    *blocks, end = read(ARCHIVES[secret], secret)
    assert blocks == BLOCKS
    assert (end.kind, end.fields["records"]) == (END, 2)


@BOTH
def test_every_bit_counts(secret: str | None) -> None:
    archive = ARCHIVES[secret]
    step = 1 if secret is None or THOROUGH else 13  # a key is made of the passphrase each time
    for bit in range(0, 8 * len(archive), step):
        altered = bytearray(archive)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(StoreError, match=r"^file"):
            read(bytes(altered), secret)


@BOTH
def test_every_truncation_shows(secret: str | None) -> None:
    archive = ARCHIVES[secret]
    for length in range(len(archive)):
        with pytest.raises(CorruptRecord, match=r"cut off|no archive|missing"):
            read(archive[:length], secret)


@BOTH
def test_a_flip_in_a_block_names_it(secret: str | None) -> None:
    for number, (start, end) in enumerate(frames(ARCHIVES[secret])):
        altered = bytearray(ARCHIVES[secret])
        altered[(start + 13 + end) // 2] ^= 1
        with pytest.raises(StoreError, match=f"block {number} is damaged"):
            read(bytes(altered), secret)


@BOTH
@given(data=st.data())
def test_blocks_that_are_moved_repeated_or_left_out_show(secret: str | None, data: st.DataObject) -> None:
    archive = ARCHIVES[secret]
    places = frames(archive)
    order = data.draw(st.lists(st.integers(0, len(places) - 1), max_size=7).filter(lambda one: one != [0, 1, 2, 3, 4]))
    renumber = data.draw(st.booleans())
    parts = [bytearray(archive[slice(*places[one])]) for one in order]
    for number, part in enumerate(parts if renumber else []):
        part[1:9] = number.to_bytes(8, "little")
    with pytest.raises(StoreError, match=r"^file"):
        read(archive[:27] + b"".join(map(bytes, parts)), secret)


@BOTH
@settings(max_examples=tries(60, 300))
@given(content=st.binary(max_size=300), keep=st.integers(0, 60))
def test_no_bytes_make_it_crash(secret: str | None, content: bytes, keep: int) -> None:
    with pytest.raises(FpverifyError):
        read(ARCHIVES[secret][:keep] + content, secret)


@BOTH
def test_something_behind_the_end_shows(secret: str | None) -> None:
    with pytest.raises(CorruptRecord, match=r"follows the end"):
        read(ARCHIVES[secret] + b"x", secret)


def test_blocks_of_another_archive_do_not_fit() -> None:
    one, other = written(BLOCKS, SECRET), written(BLOCKS, SECRET)
    start, end = frames(one)[2]
    with pytest.raises(CorruptRecord, match=r"block 2"):
        read(one[:start] + other[start:end] + one[end:], SECRET)


def test_a_wrong_missing_or_needless_passphrase_is_told() -> None:
    with pytest.raises(WrongKey, match=r"wrong"):
        read(ARCHIVES[SECRET], SECRET + "x")
    with pytest.raises(WrongKey, match=r"protected by a passphrase"):
        read(ARCHIVES[SECRET], None)
    with pytest.raises(WrongKey, match=r"not protected"):
        read(ARCHIVES[None], SECRET)


def test_a_passphrase_is_the_same_however_its_accents_are_written() -> None:
    assert read(written(BLOCKS, "Zoe\u0308 and the others"), "Zo\u00eb and the others")[:-1] == BLOCKS


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(StoreError, match=r"12 characters"):
        written(BLOCKS, "elevenchars")


def test_an_archive_under_a_passphrase_shows_nothing_of_its_contents() -> None:
    assert b"template one" in ARCHIVES[None]
    for text in (b"template", b"subject", b"metadata", SECRET.encode()):
        assert text not in ARCHIVES[SECRET]


# --- with a store -----------------------------------------------------------------------------------------------------


@pytest.fixture
def source(open_store: Callable[..., Store], make_template: Callable[..., Any]) -> Iterator[Store]:
    """A with two fingers, three impressions, one scan and notes; B with one."""
    pixels = np.random.default_rng(1).integers(0, 256, (40, 30)).astype(np.uint8)
    with open_store() as store:
        store.add("A", INDEX, make_template(1), metadata={"sensor": 1.5}, scan=Scan(pixels, 500.0, "scan", True, False))
        store.add("A", INDEX, make_template(2), enrolled_at=datetime.now(UTC) - timedelta(days=1))
        store.add("A", THUMB, make_template(3, model_id="other-1"))
        store.add("B", INDEX, make_template(4))
        store.update("A", metadata={"department": "gate 3"})
        yield store


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "target") as store:
        yield store


def exported(store: Store, path: Path, passphrase: str | None = SECRET, **words: Any) -> Path:
    export_archive(store, path, passphrase=passphrase, cost=LEAST_COST, **words)
    return path


def imported(store: Store, path: Path, passphrase: str | None = SECRET, **words: Any) -> Transfer:
    with opened_archive(path, passphrase) as archive:
        return import_archive(store, archive, **words)


def contents(store: Store) -> list[str]:
    """All that is known of everybody, in words that can be compared."""
    known = [f"{one.subject} {store.metadata(one.subject)}" for one in store.subjects()]
    return sorted(known + [f"{one} {encode_template(one.template).hex()}" for one in store.records()])


@pytest.mark.parametrize("passphrase", [None, SECRET])
def test_a_store_comes_back_bit_for_bit(source: Store, target: Store, tmp_path: Path, passphrase: str | None) -> None:
    path = exported(source, tmp_path / "a.fpva", passphrase)
    assert needs_passphrase(path) == (passphrase is not None)
    assert imported(target, path, passphrase) == Transfer(2, 4)
    assert contents(target) == contents(source)
    kept, before = target.scan("A", INDEX, 1), source.scan("A", INDEX, 1)
    assert kept is not None
    assert before is not None
    assert (kept.pixels == before.pixels).all()
    assert (kept.ppi, kept.ppi_estimated, kept.inverted) == (before.ppi, before.ppi_estimated, before.inverted)
    assert target.scan("A", INDEX, 2) is None
    target.check()
    assert inspect(target).findings == inspect(source).findings == ()


def test_one_subject_can_be_exported(source: Store, target: Store, tmp_path: Path) -> None:
    imported(target, exported(source, tmp_path / "b.fpva", subject="B"))
    assert [one.subject for one in target.subjects()] == ["B"]
    with pytest.raises(NotEnrolled):
        exported(source, tmp_path / "c.fpva", subject="C")
    assert [one.name for one in tmp_path.glob("c.fpva*")] == []


def test_export_and_import_enter_the_audit_trail(source: Store, target: Store, tmp_path: Path) -> None:
    imported(target, exported(source, tmp_path / "a.fpva"))
    last = list(source.audit_entries())[-1]
    assert (last.action, last.details) == ("export", {"subjects": 2, "records": 4, "protected": True})
    _, *entries = target.audit_entries()
    came = [(one.action, one.subject, len(one.details["added"].split())) for one in entries]
    assert came == [("import", "A", 3), ("import", "B", 1)]


def test_subjects_that_are_there_are_named_and_nothing_is_imported(
    source: Store, target: Store, tmp_path: Path, make_template: Callable[..., Any]
) -> None:
    target.add("B", INDEX, make_template(9))
    before, entries = contents(target), target.audit_head()
    path = exported(source, tmp_path / "a.fpva")
    with pytest.raises(EnrollmentError, match=r"has 'B' already; nothing was imported"):
        imported(target, path)
    assert (contents(target), target.audit_head()) == (before, entries)
    assert imported(target, path, skip_existing=True) == Transfer(1, 3, 1)
    assert [one for one in contents(target) if one in before] == before
    assert len(contents(target)) == len(before) + 5
    assert inspect(target).intact


@pytest.mark.parametrize("passphrase", [None, SECRET])
def test_an_archive_that_is_damaged_anywhere_changes_nothing(
    source: Store, target: Store, tmp_path: Path, passphrase: str | None
) -> None:
    whole = exported(source, tmp_path / "a.fpva", passphrase).read_bytes()
    before, entries = contents(target), target.audit_head()
    rng = np.random.default_rng(3)
    for bit in rng.integers(0, 8 * len(whole), 60):
        altered = bytearray(whole)
        altered[bit // 8] ^= 1 << bit % 8
        (tmp_path / "b.fpva").write_bytes(altered)
        with pytest.raises(StoreError, match=r"b\.fpva"):
            imported(target, tmp_path / "b.fpva", passphrase)
    for length in rng.integers(0, len(whole), 20):
        (tmp_path / "b.fpva").write_bytes(whole[:length])
        with pytest.raises(StoreError, match=r"b\.fpva"):
            imported(target, tmp_path / "b.fpva", passphrase)
    assert (contents(target), target.audit_head()) == (before, entries)


FORGED = [
    ({"subject": "Z"}, "another subject"),
    ({"finger": "nose"}, "nose"),
    ({"finger": 1}, "finger"),
    ({"impression": 0}, "template says"),
    ({"impression": True}, "impression"),
    ({"impression": 1 << 70}, "template says"),
    ({"enrolled_at": "yesterday"}, "isoformat"),
    ({"enrolled_at": "2026-01-01T00:00:00"}, "time zone"),
    ({"model": "other"}, "template says"),
    ({"quality": 0.123}, "template says"),
    ({"template_bytes": 5}, "long as stated"),
    ({"template_bytes": -1}, "long as stated"),
    ({"scan_bytes": 3}, "long as stated"),
    ({"scan_bytes": -1}, "scan"),
    ({"metadata": []}, "metadata"),
    ({"metadata": {"a": "x" * 5000}}, "metadata"),
]


@pytest.mark.parametrize(("change", "said"), FORGED, ids=lambda one: str(one)[:40])
def test_a_forged_record_is_refused(
    source: Store, target: Store, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    *blocks, _ = read(exported(source, tmp_path / "a.fpva", None, subject="B").read_bytes(), None)
    blocks[2] = Block(RECORD, blocks[2].fields | change, blocks[2].data)
    (tmp_path / "b.fpva").write_bytes(written(blocks, None))
    with pytest.raises(CorruptRecord, match=said):
        imported(target, tmp_path / "b.fpva", None)
    assert target.subjects() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"subject": "a\nb"}, "control character"),
        ({"subject": "Zoe\u0308"}, "normal form"),
        ({"subject": None}, "subject"),
        ({"impressions": 2}, "records, not 2"),
        ({"metadata": None}, "metadata"),
    ],
    ids=str,
)
def test_a_forged_subject_is_refused(
    source: Store, target: Store, tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    *blocks, _ = read(exported(source, tmp_path / "a.fpva", None, subject="B").read_bytes(), None)
    name = change.get("subject") or "B"
    blocks[1] = Block(SUBJECT, blocks[1].fields | change)
    blocks[2] = Block(RECORD, blocks[2].fields | {"subject": name}, blocks[2].data)
    (tmp_path / "b.fpva").write_bytes(written(blocks, None))
    with pytest.raises(CorruptRecord, match=said):
        imported(target, tmp_path / "b.fpva", None)
    assert target.subjects() == []


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ({"minutiae": 81}, "has 81 minutiae, and a template has 80 at most"),
        ({"minutiae": 8000}, "has 8,000 minutiae, and a template has 80 at most"),
        ({"minutiae": 3, "size": 513}, "has 513 numbers in a descriptor"),
        ({"minutiae": 0, "vector": 4097}, "has 4,097 numbers in its vector"),
    ],
)
def test_a_template_beyond_the_bounds_of_ours_is_refused_and_its_record_named(
    target: Store, tmp_path: Path, make_template, shape: dict[str, int], said: str
) -> None:
    vector = np.ones(shape.get("vector", 1), np.float32)
    shape = {name: value for name, value in shape.items() if name != "vector"}
    with Store.open(tmp_path / "source") as store:
        store.add("A", INDEX, make_template(1, minutiae=80))
        store.add("B", INDEX, replace(make_template(2, **shape), vector=vector))
        path = exported(store, tmp_path / "big.fpva", None)
    with pytest.raises(CorruptRecord, match=rf"big.fpva: record 2, of 'B': its template {said}"):
        imported(target, path, None)
    assert target.subjects() == []


def test_the_bound_of_imported_templates_is_that_of_extraction() -> None:
    from fpverify.features import minutiae
    from fpverify.store import template_format

    assert template_format.MOST_MINUTIAE == minutiae.MOST_MINUTIAE


def test_a_record_may_not_be_there_twice(source: Store, target: Store, tmp_path: Path) -> None:
    *blocks, _ = read(exported(source, tmp_path / "a.fpva", None, subject="B").read_bytes(), None)
    (tmp_path / "b.fpva").write_bytes(written([*blocks, blocks[2]], None))
    with pytest.raises(CorruptRecord, match=r"twice"):
        imported(target, tmp_path / "b.fpva", None)


def test_an_export_is_for_its_owner_only_and_overwrites_nothing(source: Store, tmp_path: Path) -> None:
    path = exported(source, tmp_path / "a.fpva")
    assert path.stat().st_mode & 0o777 == 0o600
    kept = path.read_bytes()
    with pytest.raises(StoreError, match=r"already"):
        exported(source, path)
    assert path.read_bytes() == kept
    assert [one.name for one in tmp_path.glob("*.part")] == []


def test_what_a_killed_export_has_left_stands_in_nobodys_way(source: Store, tmp_path: Path) -> None:
    (tmp_path / f"a.fpva.{os.getpid()}.part").write_bytes(b"cut off")
    assert exported(source, tmp_path / "a.fpva").is_file()


def test_a_store_that_is_damaged_leaves_no_archive(source: Store, tmp_path: Path) -> None:
    source._database.execute("UPDATE impressions SET quality = 0.5 WHERE number = 2")
    with pytest.raises(CorruptRecord):
        exported(source, tmp_path / "a.fpva")
    assert list(tmp_path.glob("a.fpva*")) == []


def is_plain(name: str) -> bool:
    try:
        require_plain(subject_id(name))
    except EnrollmentError:
        return False
    return True


PLAIN_NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(is_plain)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(PLAIN_NAMES, max_size=4),
    notes=st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=9) | st.none(), max_size=3),
)
def test_any_subjects_and_notes_come_back(
    tmp_path_factory: pytest.TempPathFactory, make_template: Callable[..., Any], names: list[str], notes: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("round")
    with Store.open(folder / "one", key="none") as one, Store.open(folder / "two", key="none") as two:
        for seed, name in enumerate(names):
            one.add(name, INDEX, make_template(seed), metadata=notes)
            one.update(name, metadata=notes)
        imported(two, exported(one, folder / "a.fpva", None), None)
        assert contents(two) == contents(one)


IMPORT = """
import sys
from fpverify.store import Store
from fpverify.store.transfer import import_archive, opened_archive
with Store.open(sys.argv[1], key="none") as store, opened_archive(sys.argv[2], None) as archive:
    print("begun", flush=True)
    import_archive(store, archive)
"""


@pytest.mark.parametrize("delay_s", [0.0, 0.01, 0.03, 0.06, 0.1])
def test_an_import_that_is_killed_leaves_nothing_or_all(
    tmp_path: Path, make_template: Callable[..., Any], delay_s: float
) -> None:
    with Store.open(tmp_path / "source", key="none") as source:
        for seed in range(60):
            source.add(f"S{seed}", INDEX, make_template(seed))
        path = exported(source, tmp_path / "a.fpva", None)
    words = [sys.executable, "-c", IMPORT, str(tmp_path / "target"), str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(delay_s)
        process.kill()
    with Store.open(tmp_path / "target", key="none") as target:
        assert len(target.subjects()) in {0, 60}
        target.check()
        assert inspect(target).intact
        if not target.subjects():
            assert imported(target, path, None) == Transfer(60, 60)
