"""The inverted index that is kept in shards beside a store: opened again, shared, damaged, killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import numpy as np
import pytest
from effort import tries
from made_up_model import PLAIN, MadeUp
from made_up_prints import WIDTH, finger, impression

from fpverify.search import kept
from fpverify.search.index import Index
from fpverify.search.index.codebook import FILE as CODEBOOK
from fpverify.search.index.codebook import Codebook, steps
from fpverify.search.index.inverted import InvertedIndex
from fpverify.search.kept import content_of
from fpverify.search.register import Registers
from fpverify.store import Store
from fpverify.store.shards.folder import ShardFolder
from fpverify.store.shards.manifest import FILE as MANIFEST
from fpverify.store.shards.seals import Owner
from fpverify.store.shards.shard import SUFFIX
from fpverify.testing import IndexContract
from fpverify.vocabulary import Reference, Template

HERE = Path(__file__).parent
CENTRES = steps(np.random.default_rng(5).normal(size=(64, WIDTH)).astype(np.float32))
OTHER_CENTRES = steps(np.random.default_rng(6).normal(size=(64, WIDTH)).astype(np.float32))
WITH_LISTS = MadeUp({CODEBOOK: Codebook(CENTRES, "").encoded()})
OTHERWISE = MadeUp({CODEBOOK: Codebook(OTHER_CENTRES, "").encoded()})
INDEX = "enrollments.sqlite.index"
ROUNDS = tries(8, 20)  # of processes that are killed


class Reopened:
    """An index that lies in shards between any two calls."""

    name = "ivf"

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = Lock()
        self._codebook = Codebook(CENTRES, "digest")

    def __len__(self) -> int:
        with self._lock:
            return len(self._opened()[0])

    def add(self, ids: Sequence[int], templates: Sequence[Template]) -> None:
        with self._lock:
            lists, folder = self._opened()
            lists.add(ids, templates)
            self._save(lists, folder)

    def remove(self, ids: Collection[int]) -> None:
        with self._lock:
            lists, folder = self._opened()
            lists.remove(ids)
            self._save(lists, folder)

    def likeliest(self, probe: Template, count: int) -> list[int]:
        with self._lock:
            return self._opened()[0].likeliest(probe, count)

    def _opened(self) -> tuple[InvertedIndex, ShardFolder]:
        owner = Owner("ab" * 16, "model", "digest", *CENTRES.shape)
        folder, lists = ShardFolder(self._root, owner, "none", lambda _: bytes(32)), InvertedIndex(self._codebook)
        lists.keep_unsaved()
        for shard in folder.shards:
            lists.attach(shard)
        return lists, folder

    def _save(self, lists: InvertedIndex, folder: ShardFolder) -> None:
        merged = folder.to_merge(len(lists.unsaved))
        lists.read_whole(merged)
        lists.saved(merged, folder.save(content_of(lists), merged, lists.gone, None, set))


class TestReopened(IndexContract):
    @pytest.fixture(autouse=True)
    def _has_a_folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("fpverify.store.shards.files.os.fsync", lambda _: None)  # a thousand files
        self._roots = (tmp_path / str(number) for number in range(10))

    def new_index(self) -> Index:
        return Reopened(next(self._roots))


@pytest.fixture(autouse=True)
def saved_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "SAVED_EVERY", 10)


@pytest.fixture
def open_store(tmp_path: Path) -> Callable[[], Store]:
    return lambda: Store.open(tmp_path, key=f"file:{tmp_path / 'key'}")


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Iterator[Store]:
    with open_store() as opened:
        yield opened


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From then on whoever reads all references fails."""
    return lambda: monkeypatch.setattr(Store, "enrolled", None)


def enroll(store: Store, numbers: range) -> None:
    store.add_many([(f"S{number}", "unknown", finger(number)) for number in numbers])


def searched(store: Store, matcher: MadeUp = WITH_LISTS, index: str = "ivf") -> Registers:
    """What a process that begins has, up to date."""
    registers = Registers(index)
    registers.current(store, matcher)  # type: ignore[arg-type]
    return registers


def found(store: Store, number: int, registers: Registers | None = None, matcher: MadeUp = WITH_LISTS) -> str:
    """Whom a probe of a finger resembles most."""
    register = (registers or searched(store, matcher)).current(store, matcher)  # type: ignore[arg-type]
    candidates = register.identify(impression(finger(number), 9), top=1, fpir=0.1).candidates
    return candidates[0].subject if candidates else ""


def size(store: Store, registers: Registers | None = None, matcher: MadeUp = WITH_LISTS) -> int:
    return len((registers or searched(store, matcher)).current(store, matcher).index)  # type: ignore[arg-type]


def files(folder: Path) -> list[Path]:
    return sorted((folder / INDEX).rglob("*" + SUFFIX))


def test_a_new_process_reads_no_references(store: Store, tmp_path: Path, unread: Callable[[], None]) -> None:
    enroll(store, range(40))
    searched(store)
    assert files(tmp_path)
    unread()
    enroll(store, range(40, 45))
    assert size(store) == 45
    assert [found(store, number) for number in (3, 39, 42)] == ["S3", "S39", "S42"]


def test_rows_of_several_shards_lie_together_once_they_are_read(store: Store, tmp_path: Path) -> None:
    registers = searched(store)
    for start in range(0, 36, 12):
        enroll(store, range(start, start + 12))
        size(store, registers)
    assert len(files(tmp_path)) > 1
    new = searched(store)
    assert found(store, 20, new) == "S20"
    lists = new.current(store, WITH_LISTS).index  # type: ignore[arg-type]
    assert isinstance(lists, InvertedIndex)
    read = [blocks for blocks in lists._lists._blocks if blocks]
    assert sum(block.size for blocks in read for block in blocks) > len(finger(20).minutiae)
    assert {len(blocks) for blocks in read} == {1}


def test_a_small_store_has_no_files_until_an_index_is_worth_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpverify.search.index.growing.EXACT_UP_TO", 30)
    enroll(store, range(30))
    registers = searched(store, index="auto")
    assert not (tmp_path / INDEX).exists()
    enroll(store, range(30, 35))
    register = registers.current(store, WITH_LISTS)  # type: ignore[arg-type]
    assert register.index.name == "ivf"
    assert files(tmp_path)
    assert searched(store, index="auto").current(store, WITH_LISTS).index.name == "ivf"  # type: ignore[arg-type]


@pytest.mark.parametrize("index", ["exact", "none"])
def test_other_indexes_write_nothing(store: Store, tmp_path: Path, index: str) -> None:
    enroll(store, range(40))
    searched(store, index=index)
    assert not (tmp_path / INDEX).exists()


def test_verification_never_looks_at_the_index(store: Store, tmp_path: Path) -> None:
    enroll(store, range(40))
    searched(store)
    for path in files(tmp_path):
        path.write_bytes(b"")
    assert store.references("S3")


def test_changes_of_others_are_taken_up_and_written_when_they_are_many(store: Store, tmp_path: Path) -> None:
    enroll(store, range(40))
    registers = searched(store)
    for number in range(40, 80):
        enroll(store, range(number, number + 1))
        assert found(store, number, registers) == f"S{number}"
    store.delete("S41")
    store.update("S42", rename="T")
    assert found(store, 42, registers) == "T"
    assert found(store, 41, registers) != "S41"
    assert size(store) == 79
    assert len(files(tmp_path)) <= 5


@pytest.mark.parametrize("loaded", [False, True])
def test_a_deleted_finger_is_in_no_file_when_delete_returns(store: Store, tmp_path: Path, loaded: bool) -> None:
    enroll(store, range(40))
    registers = searched(store)
    if loaded:
        found(store, 7, registers)
    before = blocks(tmp_path)
    store.delete("S7")
    after = b"".join(path.read_bytes() for path in (tmp_path / INDEX).rglob("*") if path.is_file())
    gone = [block for block in before if block not in after]
    rows = {int(one) for one in np.unique(_lists(7))}
    assert len(gone) == 2 + len(rows)  # the blocks of its lists, and the two that name it
    assert found(store, 7) != "S7"
    assert found(store, 8) == "S8"
    assert size(store) == size(store, registers) == 39


def _lists(number: int) -> np.ndarray:
    lists = InvertedIndex(Codebook(CENTRES, ""))
    return lists._nearest(steps(finger(number).descriptors))


def blocks(folder: Path) -> list[bytes]:
    """The tags and the ends of all sealed blocks of the one shard."""
    registers = Registers("ivf")
    with Store.open(folder, key=f"file:{folder / 'key'}") as store:
        register = registers.current(store, WITH_LISTS)  # type: ignore[arg-type]
        (shard,) = [one.stored for one in register.index._shards]  # type: ignore[attr-defined]
        raw = shard.path.read_bytes()
        _ = shard._sizes
        ends = shard._offsets[1:].tolist()
        starts = shard._offsets[:-1].tolist()
    return [raw[end - 16 : end] for start, end in zip(starts, ends, strict=True) if end > start]


@pytest.mark.parametrize("erased_by", ["another process", "the same"])
def test_a_deleted_finger_leaves_the_memory_of_every_process(
    store: Store, open_store: Callable[[], Store], erased_by: str
) -> None:
    enroll(store, range(40))
    writer, reader = searched(store), searched(store)
    for registers in (writer, reader):
        found(store, 7, registers)
    with open_store() as other:
        (store if erased_by == "the same" else other).delete("S7")
    for registers in (writer, reader):
        index = registers.current(store, WITH_LISTS).index  # type: ignore[arg-type]
        assert isinstance(index, InvertedIndex)
        codes, slots = map(np.concatenate, index._lists.rows(range(64)))
        assert index._slots.alive(slots).all()
        gone = steps(finger(7).descriptors)
        assert not (codes[:, None] == gone).all(axis=2).any()


def test_a_deletion_within_a_batch_that_fails_leaves_the_index_alone(store: Store, tmp_path: Path) -> None:
    enroll(store, range(40))
    searched(store)
    before = [path.read_bytes() for path in files(tmp_path)]

    def deleted_in_vain() -> None:
        with store.batch():
            store.delete("S7")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        deleted_in_vain()
    store.delete("S8")
    assert found(store, 7) == "S7"
    assert [path.read_bytes() for path in files(tmp_path)] != before


def test_a_flipped_bit_anywhere_changes_no_answer(store: Store, tmp_path: Path) -> None:
    enroll(store, range(60))
    searched(store)
    wanted = [found(store, number) for number in range(0, 60, 20)]
    rng = np.random.default_rng(3)
    for _ in range(tries(8, 25)):
        path = rng.choice([*files(tmp_path), *(tmp_path / INDEX).rglob(MANIFEST)])  # type: ignore[arg-type]
        raw = bytearray(path.read_bytes())
        raw[rng.integers(len(raw))] ^= 1 << rng.integers(8)
        path.write_bytes(raw)
        registers = searched(store)
        assert [found(store, number, registers) for number in range(0, 60, 20)] == wanted
        assert size(store, registers) == 60


@pytest.mark.parametrize("content", [b"", b"x", os.urandom(5000)])
@pytest.mark.parametrize("which", [MANIFEST, "*" + SUFFIX])
def test_files_of_anything_are_made_anew(store: Store, tmp_path: Path, content: bytes, which: str) -> None:
    enroll(store, range(40))
    searched(store)
    for path in (tmp_path / INDEX).rglob(which):
        path.write_bytes(content)
    assert found(store, 5) == "S5"
    assert size(store) == 40


def test_a_damaged_list_is_made_anew_while_the_process_runs(store: Store, tmp_path: Path) -> None:
    enroll(store, range(60))
    searched(store)
    registers = searched(store)  # has read no list yet
    for path in files(tmp_path):
        path.write_bytes(path.read_bytes()[:2500] + bytes(len(path.read_bytes()) - 2500))
    assert found(store, 5, registers) == "S5"
    assert size(store, registers) == 60


def test_missing_files_are_made_anew(store: Store, tmp_path: Path) -> None:
    enroll(store, range(40))
    for path in [*files(tmp_path), None]:
        searched(store)
        registers = searched(store)
        for one in [path] if path else files(tmp_path):
            one.unlink()
        assert found(store, 5, registers) == "S5"
        assert found(store, 5) == "S5"


def test_only_what_is_missing_is_read_again(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enroll(store, range(40))
    searched(store)
    enroll(store, range(40, 52))
    searched(store)
    monkeypatch.setattr(Store, "enrolled", None)
    smallest = min(files(tmp_path), key=lambda path: path.stat().st_size)
    smallest.unlink()
    assert size(store) == 52
    assert found(store, 45) == "S45"


def test_a_build_that_was_ended_goes_on_where_it_was(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(self: Store, model_id: str) -> Iterator[tuple[str, Reference]]:
        for number, pair in enumerate(enrolled(self, model_id)):
            if number == 45:
                raise InterruptedError
            yield pair

    enroll(store, range(60))
    enrolled = Store.enrolled
    monkeypatch.setattr(kept, "TAKEN_UP", 5)
    monkeypatch.setattr(kept, "FULL", 20)
    monkeypatch.setattr(Store, "enrolled", cut_off)
    with pytest.raises(InterruptedError):
        searched(store)
    assert files(tmp_path)
    monkeypatch.setattr(Store, "enrolled", None)
    asked: list[str] = []
    by_record_ids = Store.by_record_ids
    monkeypatch.setattr(
        Store, "by_record_ids", lambda self, ids: asked.extend(ids := list(ids)) or by_record_ids(self, ids)
    )
    assert size(store) == 60
    assert len(asked) == 20  # two shards of twenty were there
    assert found(store, 3) == "S3"


def test_many_changes_are_written_as_they_are_taken_up(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll(store, range(30))
    running = searched(store)
    monkeypatch.setattr(kept, "TAKEN_UP", 5)
    monkeypatch.setattr(kept, "FULL", 20)
    store.delete("S4")
    enroll(store, range(30, 95))
    assert size(store, running) == 94
    assert size(store) == 94
    assert [found(store, number) for number in (3, 31, 94)] == ["S3", "S31", "S94"]


def test_a_store_that_was_put_back_is_followed(store: Store, tmp_path: Path, open_store: Callable[[], Store]) -> None:
    enroll(store, range(40))
    searched(store)
    store.close()
    backup = (tmp_path / "enrollments.sqlite").read_bytes()
    with open_store() as later:
        later.delete("S3")
        enroll(later, range(40, 60))
        searched(later)
    (tmp_path / "enrollments.sqlite").write_bytes(backup)
    with open_store() as restored:
        enroll(restored, range(80, 83))
        registers = searched(restored)
        assert [found(restored, number, registers) for number in (3, 39, 81)] == ["S3", "S39", "S81"]
        assert size(restored, registers) == 43


def test_an_index_that_was_put_back_follows_the_store(store: Store, tmp_path: Path) -> None:
    enroll(store, range(40))
    searched(store)
    backup = {path: path.read_bytes() for path in (tmp_path / INDEX).rglob("*") if path.is_file()}
    store.delete("S3")
    enroll(store, range(40, 60))
    searched(store)
    for path in files(tmp_path):
        path.unlink()
    for path, content in backup.items():
        path.write_bytes(content)
    assert size(store) == 59
    assert (found(store, 50), found(store, 3) == "S3") == ("S50", False)


def test_what_a_killed_deletion_left_is_erased_by_the_next_search(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enroll(store, range(40))
    searched(store)
    monkeypatch.setattr(Store, "_erase_beside", lambda _: None)  # as if it was killed before
    store.delete("S7")
    before = [path.read_bytes() for path in files(tmp_path)]
    searched(store)
    after = [path.read_bytes() for path in files(tmp_path)]
    assert before != after
    assert size(store) == 39
    searched(store)
    assert [path.read_bytes() for path in files(tmp_path)] == after  # once is enough


def test_an_index_that_nobody_can_write_any_more_is_not_cut_short(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    enroll(store, range(40))
    registers = searched(store)
    with monkeypatch.context() as full:
        full.setattr("fpverify.store.shards.folder.write_shard", refused)
        full.setattr(kept, "FULL", 5)  # what waits for room is given up early
        for number in range(40, 100, 20):
            enroll(store, range(number, number + 20))
            assert found(store, number + 5, registers) == f"S{number + 5}"
    for number in range(30):
        store.delete(f"S{number}")
    assert size(store, registers) == size(store) == 70
    assert [found(store, number) for number in (35, 45, 99)] == ["S35", "S45", "S99"]


def test_another_codebook_has_files_of_its_own(store: Store, tmp_path: Path) -> None:
    enroll(store, range(40))
    searched(store)
    assert found(store, 5, matcher=OTHERWISE) == "S5"
    assert len(list((tmp_path / INDEX).glob("*/" + MANIFEST))) == 2
    store.delete("S5")
    assert size(store) == size(store, matcher=OTHERWISE) == 39


def test_another_stores_index_counts_for_nothing(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with Store.open(tmp_path / name, key="none") as store:
            enroll(store, range(40) if name == "a" else range(100, 130))
            searched(store)
    for path in (tmp_path / "b" / INDEX).rglob("*"):
        if path.is_file():
            path.unlink()
    (made,) = (tmp_path / "b" / INDEX).glob("*/")
    for path in (tmp_path / "a" / INDEX).glob("*/*"):
        (made / path.name).write_bytes(path.read_bytes())
    with Store.open(tmp_path / "b", key="none") as store:
        assert (size(store), found(store, 105)) == (30, "S105")


def test_a_new_key_seals_the_index_anew(store: Store, tmp_path: Path, unread: Callable[[], None]) -> None:
    enroll(store, range(40))
    running = searched(store)
    before = {path: path.read_bytes() for path in files(tmp_path)}
    store.rotate()
    assert not before.keys() & set(files(tmp_path))
    unread()
    assert size(store) == 40
    assert found(store, 5) == "S5"
    assert found(store, 7, running) == "S7"


def test_a_new_key_of_another_process_costs_no_index(
    store: Store, open_store: Callable[[], Store], unread: Callable[[], None]
) -> None:
    enroll(store, range(40))
    searched(store)
    running = searched(store)  # has read no list yet
    with open_store() as other:
        other.rotate()
    unread()
    assert found(store, 7, running) == "S7"
    enroll(store, range(40, 60))
    assert found(store, 50, running) == "S50"
    assert size(store) == 60


def test_an_index_of_an_old_key_is_made_anew(store: Store, tmp_path: Path) -> None:
    enroll(store, range(40))
    searched(store)
    old = {path: path.read_bytes() for path in (tmp_path / INDEX).rglob("*") if path.is_file()}
    store.rotate()
    for path, content in old.items():
        path.write_bytes(content)
    assert (size(store), found(store, 5)) == (40, "S5")


def test_an_index_that_cannot_be_written_stays_in_memory(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    enroll(store, range(40))
    with monkeypatch.context() as full:
        full.setattr("fpverify.store.shards.folder.write_shard", refused)
        registers = searched(store)
        assert found(store, 5, registers) == "S5"
        assert not files(tmp_path)
    assert found(store, 5) == "S5"
    assert files(tmp_path)


def test_a_bar_is_shown_while_much_is_read(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kept, "SHOWN_FROM", 30)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    enroll(store, range(40))
    Registers("ivf").current(store, WITH_LISTS)  # type: ignore[arg-type]
    assert capsys.readouterr().err == ""
    for path in files(Path(store.place).parent):
        path.unlink()
    Registers("ivf", progress=True).current(store, WITH_LISTS)  # type: ignore[arg-type]
    assert "building the index" in capsys.readouterr().err


def test_threads_and_their_stores_share_one_index(store: Store, open_store: Callable[[], Store]) -> None:
    enroll(store, range(80))
    registers = searched(store)

    def work(number: int) -> list[str]:
        with open_store() as own:
            enroll(own, range(500 + 20 * number, 520 + 20 * number))
            return [found(own, one, registers) for one in (number, 500 + 20 * number, 519 + 20 * number)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(work, range(6)))
    assert answers == [[f"S{one}" for one in (k, 500 + 20 * k, 519 + 20 * k)] for k in range(6)]
    assert size(store) == size(store, registers) == 200


def test_processes_share_one_index(store: Store, tmp_path: Path) -> None:
    enroll(store, range(20))
    command = [sys.executable, str(HERE / "shard_crowd.py"), str(tmp_path)]
    running = [
        subprocess.Popen([*command, str(number), "12"], env=environment(), stderr=subprocess.PIPE, text=True)
        for number in range(3)
    ]
    assert [one.communicate(timeout=300)[1] for one in running] == [""] * 3
    assert [one.returncode for one in running] == [0] * 3
    assert size(store) == store.count()


def test_a_killed_process_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "shard_crashes.py"), str(tmp_path), str(ROUNDS), "7"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=500, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{ROUNDS} rounds")


def environment() -> dict[str, str]:
    path = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path}


def test_models_of_whole_prints_and_without_a_codebook_write_nothing(store: Store, tmp_path: Path) -> None:
    enroll(store, range(40))
    assert found(store, 5, searched(store, PLAIN, "auto"), PLAIN) == "S5"
    assert not (tmp_path / INDEX).exists()
