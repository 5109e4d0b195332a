"""A store of the first release, as it lies on disks, becomes a present one; or stays what it was."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from fpverify.errors import CorruptRecord
from fpverify.store import Store, decode_template
from fpverify.store.inspection import inspect

VERSION_1 = Path(__file__).parent / "data" / "version_1.sqlite"
KEPT = {("A", 2, 1), ("A", 2, 2), ("A", 6, 1), ("Zoë", 2, 1), ("B", 0, 1)}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copy(VERSION_1, tmp_path / "enrollments.sqlite"))


def plain_templates() -> dict[tuple[str, int, int], bytes]:
    query = "SELECT name, finger, number, template FROM impressions JOIN subjects ON subjects.id = subject_id"
    with closing(sqlite3.connect(VERSION_1)) as connection:
        return {(name, finger, number): template for name, finger, number, template in connection.execute(query)}


def test_every_record_is_what_it_was_and_is_sealed_now(old: Path) -> None:
    before = plain_templates()
    assert set(before) == KEPT
    with Store.open(old, create=False) as store:
        assert store.new_key is not None
        store.check()
        assert inspect(store).findings == ()
        assert [entry.action for entry in store.audit_entries()] == ["create", "migrate", "migrate", "migrate"]
        for (subject, _, number), template in before.items():
            expected = decode_template(template)
            found = [
                one
                for one in store.references(subject)
                if one.impression == number and one.template.quality == expected.quality
            ]
            assert len(found) == 1
            assert found[0].template.descriptors.tobytes() == expected.descriptors.tobytes()
            assert found[0].template.minutiae.x_px.tobytes() == expected.minutiae.x_px.tobytes()
    content = old.read_bytes()
    assert not any(template[40:120] in content for template in before.values())
    Store.open(old, create=False).close()


def test_a_damaged_store_stays_as_it_was(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("UPDATE impressions SET quality = 0.5 WHERE id = 4")
    before = old.read_bytes()
    with pytest.raises(CorruptRecord, match="a record of subject 'Zoë'"):
        Store.open(old, create=False)
    assert old.read_bytes() == before
    with closing(sqlite3.connect(old)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_migration_that_failed_claims_no_key(old: Path) -> None:
    key = str(old.parent / "door.key")
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("UPDATE impressions SET quality = 0.5 WHERE id = 4")
    with pytest.raises(CorruptRecord):
        Store.open(old, create=False, key=key)
    shutil.copy(VERSION_1, old)
    Store.open(old, create=False, key=key).close()


def test_two_processes_that_open_it_at_once_migrate_it_once(old: Path) -> None:
    code = f"from fpverify.store import Store; Store.open({str(old)!r}, create=False).check()"
    running = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(2)]
    assert [(one.communicate(timeout=120)[1], one.returncode) for one in running] == [(b"", 0)] * 2
    with Store.open(old, create=False) as store:
        assert [entry.action for entry in store.audit_entries()].count("create") == 1


def test_records_of_two_subjects_that_were_exchanged_are_named(old: Path) -> None:
    with Store.open(old, create=False) as store:
        store.check()
    with closing(sqlite3.connect(old)) as connection, connection:
        (first,), (other,) = connection.execute(
            "SELECT record FROM impressions WHERE id IN (1, 4) ORDER BY id"
        ).fetchall()
        connection.execute("UPDATE impressions SET record = ? WHERE id = 1", (other,))
        connection.execute("UPDATE impressions SET record = ? WHERE id = 4", (first,))
    with Store.open(old, create=False) as store:
        for subject in ("A", "Zoë"):
            with pytest.raises(CorruptRecord, match=f"a record of subject '{subject}' .* damaged or was altered"):
                store.references(subject)
        assert len(store.references("B")) == 1


@pytest.mark.parametrize("left", [0, 4, 20, -1])
def test_a_record_that_was_cut_off_is_named(old: Path, left: int) -> None:
    with Store.open(old, create=False) as store:
        store.check()
    with closing(sqlite3.connect(old)) as connection, connection:
        (record,) = connection.execute("SELECT record FROM impressions WHERE id = 4").fetchone()
        connection.execute("UPDATE impressions SET record = ? WHERE id = 4", (record[:left],))
    with Store.open(old, create=False) as store, pytest.raises(CorruptRecord, match="a record of subject 'Zoë'"):
        store.references("Zoë")
