"""What holds for the store as an SQLite file: where it lies, who may read it, and what it does when things go wrong."""

from __future__ import annotations

import os
import random
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlite_files import database, refusal

from fpverify.errors import CorruptRecord, NotEnrolled, StoreError, StoreLocked
from fpverify.store import Store
from fpverify.store.backends.sqlite import APPLICATION_ID, journal_mode
from fpverify.store.schema import SCHEMA_VERSION

HERE = Path(__file__).parent


def run_program(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HERE / name), *map(str, arguments)]
    path = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False, timeout=300
    )


# --- where it lies ------------------------------------------------------------------------------------------------


def test_default_store_is_enroll_db_in_the_working_directory(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Store.open().close()
    assert [path.name for path in (tmp_path / "enroll_db").iterdir()] == ["enrollments.sqlite"]


@pytest.mark.parametrize("name", ["mine.sqlite", "mine.sqlite3", "mine.db"])
def test_name_of_a_file_is_the_file_itself(tmp_path: Path, name: str) -> None:
    Store.open(tmp_path / name).close()
    assert (tmp_path / name).is_file()


def test_existing_file_may_have_any_name(file: Path, tmp_path: Path) -> None:
    shutil.copy(file, tmp_path / "backup of monday")
    with Store.open(tmp_path / "backup of monday", create=False) as store:
        assert len(store.references("A")) == 3


@pytest.mark.parametrize("name", ["a b", "50%41", "what?", "#1", "ümlaut", "new\nline", "a&mode=memory", "quote'\""])
def test_any_name_of_a_folder_works(tmp_path: Path, make_template, name: str) -> None:
    with Store.open(tmp_path / name) as store:
        store.add("A", "unknown", make_template())
        refusal(lambda: store.references("B"), NotEnrolled)
    assert (tmp_path / name / "enrollments.sqlite").is_file()


def test_store_is_readable_by_its_owner_only(file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_journal_of_a_change_is_readable_by_its_owner_only(file: Path) -> None:
    with Store.open(file) as store, store._database.writing():
        store._rows.owner_or_new("half way")
        store._database.execute("PRAGMA cache_spill = ON")
        journal = file.with_name(file.name + "-journal")
        assert stat.S_IMODE(journal.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("journal_mode", journal_mode(sqlite3.sqlite_version_info)),
        ("synchronous", 3),
        ("secure_delete", 1),
        ("foreign_keys", 1),
        ("page_size", 16384),
    ],
)
def test_store_is_opened_to_keep_what_it_has(file: Path, setting: str, value: object) -> None:
    with Store.open(file) as store:
        assert store._database.first(f"PRAGMA {setting}") == (value,)


def test_closed_store_is_one_file(file: Path) -> None:
    assert list(file.parent.iterdir()) == [file]


# --- another file at its place --------------------------------------------------------------------------------------

MOVED = "was replaced, moved or deleted while it was open"
USES = {
    "references": lambda store, _: store.references("A"),
    "records": lambda store, _: list(store.records()),
    "add": lambda store, make_template: store.add("A", "unknown", make_template()),
    "note": lambda store, _: store.append_audit("verify", "A", decision="match"),
    "revision": lambda store, _: store.revision(),
    "head": lambda store, _: store.audit_head(),
    "trail": lambda store, _: list(store.audit_entries()),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("taken_by", ["a copy", "another store", "nothing"])
def test_file_that_lost_its_place_is_used_no_longer(
    file: Path, tmp_path: Path, make_template, use: Callable[..., object], taken_by: str
) -> None:
    place = tmp_path / "other" / "enrollments.sqlite"
    with Store.open(file) as store:
        assert not store.is_moved()
        if taken_by == "another store":
            Store.open(place).close()
        else:
            shutil.copytree(file.parent, place.parent)
        shutil.move(file, tmp_path / "kept")
        if taken_by != "nothing":
            place.replace(file)
        assert store.is_moved()
        refusal(lambda: use(store, make_template), StoreError, file, MOVED)
        (tmp_path / "kept").replace(file)
        use(store, make_template)


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["none", "none.sqlite", "none/deep/er"])
def test_store_that_does_not_exist_is_not_made_for_reading(tmp_path: Path, name: str) -> None:
    refusal(lambda: Store.open(tmp_path / name, create=False), StoreError, "no enrollment store", tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_empty_file_is_no_store_for_reading_and_a_new_one_for_writing(tmp_path: Path, make_template) -> None:
    path = tmp_path / "empty.sqlite"
    path.touch()
    refusal(lambda: Store.open(path, create=False), StoreError, "no enrollment store", path)
    with Store.open(path) as store:
        store.add("A", "unknown", make_template())


def test_database_without_tables_is_no_store_for_reading(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite"
    with database(path) as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.execute("DROP TABLE t")
    refusal(lambda: Store.open(path, create=False), StoreError, "no enrollment store", path)


def test_missing_parent_folder_is_named(tmp_path: Path) -> None:
    refusal(lambda: Store.open(tmp_path / "no" / "db"), StoreError, tmp_path / "no", "does not exist")
    assert list(tmp_path.iterdir()) == []


def test_missing_folder_of_a_file_is_made(tmp_path: Path) -> None:
    Store.open(tmp_path / "new" / "mine.sqlite").close()
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "db" / "enrollments.sqlite").mkdir(parents=True)
    for create in (True, False):
        refusal(lambda create=create: Store.open(tmp_path / "db", create=create), StoreError, "is not a file")


def test_file_in_the_place_of_the_folder_is_refused(file: Path) -> None:
    for create in (True, False):
        refusal(lambda create=create: Store.open(file / "db", create=create), StoreError, file)


def test_device_is_refused() -> None:
    refusal(lambda: Store.open("/dev/null"), StoreError, "/dev/null is not a file")


def test_url_of_another_server_is_refused_without_its_password(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    message = refusal(lambda: Store.open("mysql://me:secret@host/db"), StoreError, "mysql://", "postgresql://")
    assert "secret" not in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("location", ["", "a\0b", "x" * 300, "ring"])
def test_impossible_path_is_refused(tmp_path: Path, monkeypatch, location: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ring").symlink_to("ring")
    for create in (True, False):
        refusal(lambda create=create: Store.open(location, create=create), StoreError)


@pytest.mark.parametrize("content", [b"BM" + b"\0" * 5000, b"hello", b"SQLite format 3\0" + b"\xff" * 200])
def test_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "finger.db"
    path.write_bytes(content)
    for create in (True, False):
        refusal(lambda create=create: Store.open(path, create=create), CorruptRecord, path)
    assert path.read_bytes() == content


def test_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "browser.sqlite"
    with database(path) as connection:
        connection.execute("CREATE TABLE history (url)")
    before = path.read_bytes()
    refusal(lambda: Store.open(path), StoreError, path, "another program")
    assert path.read_bytes() == before


def test_store_of_a_newer_version_is_refused_and_left_alone(file: Path) -> None:
    with database(file) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = file.read_bytes()
    refusal(lambda: Store.open(file), StoreError, file, "newer fpverify", "upgrade")
    assert file.read_bytes() == before


@pytest.mark.parametrize("version", [0, -1])
def test_version_that_no_store_had_is_damage(file: Path, version: int) -> None:
    with database(file) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    refusal(lambda: Store.open(file), CorruptRecord, file, "damaged")


def test_store_is_marked_with_its_application_and_version(file: Path) -> None:
    with database(file) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    assert file.read_bytes()[68:72] == b"FPVE"


NOBODY = 65534  # whom `refused_places.py` becomes


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that others reach, unlike `tmp_path`."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_place_without_permission_is_refused_and_still_read(file: Path, public_folder: Path) -> None:
    shutil.copy(file, public_folder / "store.sqlite")
    shutil.copy(file, public_folder / "secret.sqlite")
    with Store.open(file) as store:
        shutil.copy(store.vault.source.place, public_folder / "key")
    if os.getuid() == 0:
        os.chown(public_folder / "key", NOBODY, NOBODY)
    (public_folder / "key").chmod(0o400)
    (public_folder / "store.sqlite").chmod(0o444)
    (public_folder / "secret.sqlite").chmod(0o000)
    public_folder.chmod(0o555)
    finished = run_program("refused_places.py", public_folder)
    public_folder.chmod(0o755)
    assert finished.stderr == ""
    answers = dict(line.split(" -> ") for line in finished.stdout.splitlines())
    assert answers["read"] == "3"
    for what in ("add", "delete"):
        assert re.match(rf"StoreReadOnly .*{public_folder}/store.sqlite cannot be written", answers[what])
    for what in ("create", "create folder", "secret"):
        assert answers[what].startswith("StoreError")
        assert str(public_folder) in answers[what]
    assert sorted(path.name for path in public_folder.iterdir()) == ["key", "secret.sqlite", "store.sqlite"]
    assert (public_folder / "store.sqlite").read_bytes() == file.read_bytes()


def test_full_disk_is_named_and_nothing_is_changed(file: Path, make_template) -> None:
    with Store.open(file) as store:
        before = store.subjects()
        (pages,) = store._database.first("PRAGMA page_count")
        store._database.execute(f"PRAGMA max_page_count = {pages}")
        fill = lambda: [store.add("D", "unknown", make_template(minutiae=100)) for _ in range(9)]  # noqa: E731
        refusal(fill, StoreError, file, "full")
        assert {row.subject for row in store.subjects()} <= {"A", "B", "C", "D"}
        assert [row for row in store.subjects() if row.subject != "D"] == before
        store.check()


def test_disk_that_refuses_to_write_is_named_and_nothing_is_changed(file: Path) -> None:
    program = """
import resource, signal, sys
from conftest import random_template
from fpverify.store import Store
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
with Store.open(sys.argv[1]) as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
    try:
        store.add("D", "unknown", random_template(minutiae=400))
    except Exception as error:
        print(type(error).__name__, error)
"""
    path = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    finished = subprocess.run(
        [sys.executable, "-c", program, str(file)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert re.match(r"StoreError .*(failed to read or write|full).*\n$", finished.stdout), finished
    with Store.open(file) as store:
        store.check()
        assert [row.subject for row in store.subjects()] == ["A", "A", "B", "C"]


@pytest.mark.parametrize("create", [True, False])
def test_locked_store_is_a_clear_error_within_the_timeout(file: Path, create: bool) -> None:
    with database(file) as other:
        other.execute("BEGIN EXCLUSIVE")
        refusal(lambda: Store.open(file, create=create, timeout_s=0.05), StoreLocked, file, "held by another process")


def test_store_that_is_being_written_can_be_read_but_not_written(file: Path, make_template) -> None:
    with Store.open(file, timeout_s=0.05) as store, database(file) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len(store.references("A")) == 3
        refusal(lambda: store.add("A", "unknown", make_template()), StoreLocked, file)
        refusal(lambda: store.delete("A"), StoreLocked, file)
        other.execute("ROLLBACK")
        assert store.add("A", "unknown", make_template()).impression == 1


def test_deletion_that_could_not_be_wiped_says_so(file: Path, monkeypatch) -> None:
    with Store.open(file, timeout_s=0.05) as store, database(file) as other:
        original = store._wiping._wipe_deleted

        def wipe_while_read(*given: object) -> None:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM subjects").fetchone()
            original(*given)

        monkeypatch.setattr(store._wiping, "_wipe_deleted", wipe_while_read)
        refusal(lambda: store.delete("A"), StoreLocked, "3 impressions of 'A' were removed", "traces")
        refusal(lambda: store.references("A"), NotEnrolled)


def test_store_closed_twice_is_closed(file: Path) -> None:
    store = Store.open(file)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="was closed; open it again"):
        store.subjects()


# --- many at once -------------------------------------------------------------------------------------------------


def test_four_processes_lose_nothing(tmp_path: Path) -> None:
    names, count = ("P", "Q", "R", "S"), 10
    command = [sys.executable, str(HERE / "add_many.py"), str(tmp_path / "db")]
    path = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    writers = [
        subprocess.Popen([*command, name, str(count)], env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE)
        for name in names
    ]
    assert [(writer.communicate(timeout=300)[1], writer.returncode) for writer in writers] == [(b"", 0)] * 4
    with Store.open(tmp_path / "db", create=False) as store:
        store.check()
        assert [(row.subject, row.impressions) for row in store.subjects()] == [
            *((name, count) for name in names),
            ("shared", 4 * count),
        ]
        numbers = [reference.impression for reference in store.references("shared")]
    assert numbers == list(range(1, 4 * count + 1))


def test_kill_never_damages_the_store_nor_loses_what_was_acknowledged(tmp_path: Path) -> None:
    finished = run_program("crash_rounds.py", tmp_path, 40, 7)
    assert (finished.stderr, finished.returncode) == ("", 0)
    rounds, changes = map(int, re.findall(r"\d+", finished.stdout))
    assert (rounds, changes > 80) == (40, True)


# --- deletion -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["none", None])
@pytest.mark.parametrize("largest", [2, 80])
def test_deleted_records_are_gone_from_the_file(tmp_path: Path, make_template, largest: int, key: str | None) -> None:
    source = random.Random(largest)  # noqa: S311
    names = [f"subject-{source.randrange(10**9):09d}" for _ in range(40)]
    records: dict[str, bytes] = {}
    with Store.open(tmp_path / "db", key=key) as store:
        for seed, name in enumerate(names):
            store.add(name, "right-index", make_template(seed, minutiae=source.randrange(largest)))
            query = "SELECT record FROM impressions JOIN subjects ON subjects.id = subject_id WHERE name = ?"
            ((records[name],),) = store._database.rows(query, name)
            if seed % 4 == 3:
                store.delete(names[seed - 2])
        for name in names[:10:2]:
            store.delete(name)
    gone = set(names[1::4]) | set(names[:10:2])
    content = (tmp_path / "db" / "enrollments.sqlite").read_bytes()
    pieces = {content[at : at + 8] for at in range(len(content))}

    def traces(name: str) -> bool:
        body = records[name][60:-4]  # behind what unsealed records share: metadata, and the head of a template
        return any(body[at : at + 8] in pieces for at in range(len(body) - 7))

    assert all(traces(name) for name in set(names) - gone if len(records[name]) > 80)
    assert not any(traces(name) for name in gone)


# --- lightness ----------------------------------------------------------------------------------------------------


def test_store_loads_nothing_heavy() -> None:
    program = "import sys, fpverify.store; print([m for m in sys.modules if '.' not in m])"
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=HERE.parents[1], capture_output=True, text=True, check=True
    )
    heavy = {
        "tensorflow",
        "keras",
        "cv2",
        "pydantic",
        "sqlalchemy",
        "sklearn",
        "skimage",
        "PIL",
        "ai_edge_litert",
        "asyncio",
    }
    assert "numpy" in finished.stdout
    assert not {name for name in heavy if f"'{name}'" in finished.stdout}
