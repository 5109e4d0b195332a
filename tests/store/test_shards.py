"""Files of an index beside a store: what they hold, how they are erased, and that damage never passes for content."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fpverify.errors import CorruptRecord, NotEnrolled, StoreError, StoreLocked
from fpverify.store import Point, Store
from fpverify.store.shards import folder as folder_module
from fpverify.store.shards.files import PART, held
from fpverify.store.shards.folder import OutdatedError, ShardFolder
from fpverify.store.shards.manifest import FILE, read_manifest
from fpverify.store.shards.seals import NAME_DIGITS, Owner
from fpverify.store.shards.shard import GONE_ID, SUFFIX, Content, Shard, write_shard
from fpverify.vocabulary import Scan, Template

OpenStore = Callable[..., Store]
MakeTemplate = Callable[..., Template]

OWNER = Owner("ab" * 16, "model", "digest", 50, 8)
SECRET = bytes(range(32))
POINT = Point(OWNER.store_id, 3, 4, "00" * 32)
KEY = "0123abcd"


def content(first: int = 0, references: int = 40, minutiae: int = 7) -> Content:
    rng = np.random.default_rng(first)
    counts = rng.integers(0, 2 * minutiae, references).astype(np.uint16)
    rows = int(counts.sum())
    return Content(
        np.arange(first, first + references, dtype=np.uint64) * 977 + 5,
        counts,
        rng.integers(0, OWNER.lists, rows).astype(np.uint16),
        rng.integers(-127, 128, (rows, OWNER.width)).astype(np.int8),
    )


def same(one: Content, other: Content) -> bool:
    """Whether they hold the same; the order of a reference's rows within a list is nobody's business."""
    return one.ids.tolist() == other.ids.tolist() and rows_of(one) == rows_of(other)


def rows_of(held: Content) -> list[list[tuple[int, bytes]]]:
    ends = np.cumsum(held.minutiae, dtype=np.int64)
    rows = [(int(number), codes.tobytes()) for number, codes in zip(held.lists, held.codes, strict=True)]
    return [sorted(rows[end - count : end]) for count, end in zip(held.minutiae.tolist(), ends.tolist(), strict=True)]


def opened(path: Path) -> Shard:
    return Shard(path, OWNER, SECRET)


def read_whole(path: Path) -> None:
    shard = opened(path)
    shard.content()
    shard.lists_of(0)


def folder_at(root: Path, key_id: str = KEY, owner: Owner = OWNER) -> ShardFolder:
    return ShardFolder(root, owner, key_id, lambda key: SECRET if key == KEY else None)


def save(folder: ShardFolder, new: Content | None, gone: set[int] | None = None, point: Point | None = POINT) -> None:
    folder.save(new, folder.to_merge(0 if new is None else len(new)), gone or set(), point, set)


def held_in(root: Path) -> set[int]:
    return {int(one) for shard in folder_at(root).shards for one in shard.content().ids}


def test_a_shard_gives_back_what_went_in(tmp_path: Path) -> None:
    written = content()
    shard = opened(write_shard(tmp_path, written, OWNER, SECRET))
    assert same(shard.content(), written)
    assert shard.alive == len(written)
    first = np.concatenate([[0], np.cumsum(written.minutiae, dtype=np.int64)])
    for place in (0, 3, 39):
        assert shard.lists_of(place).tolist() == written.lists[first[place] : first[place + 1]].tolist()


def test_lists_are_read_one_by_one(tmp_path: Path) -> None:
    written = content()
    shard = opened(write_shard(tmp_path, written, OWNER, SECRET))
    owners = np.repeat(np.arange(len(written)), written.minutiae)
    for number, (codes, places) in zip(range(OWNER.lists), shard.rows(range(OWNER.lists)), strict=True):
        mine = written.lists == number
        assert places.tolist() == owners[mine].tolist()
        assert (codes == written.codes[mine]).all()


def test_nothing_of_a_shard_can_be_read_without_its_key(tmp_path: Path) -> None:
    written = content()
    path = write_shard(tmp_path, written, OWNER, SECRET)
    raw = path.read_bytes()
    assert not any(row.tobytes() in raw for row in written.codes)
    assert written.ids[:2].tobytes() not in raw
    with pytest.raises(CorruptRecord):
        Shard(path, OWNER, bytes(32))


@pytest.mark.parametrize("field", ["store_id", "model_id", "codebook"])
def test_a_shard_of_another_owner_does_not_open(tmp_path: Path, field: str) -> None:
    path = write_shard(tmp_path, content(), OWNER, SECRET)
    values = {name: getattr(OWNER, name) for name in ("store_id", "model_id", "codebook", "lists", "width")}
    with pytest.raises(CorruptRecord):
        Shard(path, Owner(**{**values, field: "another"}), SECRET)


def test_a_shard_under_another_name_does_not_open(tmp_path: Path) -> None:
    path = write_shard(tmp_path, content(), OWNER, SECRET)
    other = path.rename(tmp_path / ("0" * 32 + SUFFIX))
    with pytest.raises(CorruptRecord):
        opened(other)


def test_a_flipped_bit_anywhere_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.store.shards.shard.OVERWRITTEN_S", 0)
    written = content()
    path = write_shard(tmp_path, written, OWNER, SECRET)
    raw = path.read_bytes()
    for place in [*range(45), *range(45, len(raw), 61), len(raw) - 1]:
        flipped = bytearray(raw)
        flipped[place] ^= 1 << (place % 8)
        path.write_bytes(flipped)
        with pytest.raises(CorruptRecord):
            read_whole(path)


@pytest.mark.parametrize("kept", [0, 10, 60, 400, -1])
def test_a_shard_that_is_cut_off_is_damage(tmp_path: Path, kept: int) -> None:
    path = write_shard(tmp_path, content(), OWNER, SECRET)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CorruptRecord):
        opened(path).content()


def test_what_is_erased_is_overwritten_where_it_lay(tmp_path: Path) -> None:
    written = content()
    path = write_shard(tmp_path, written, OWNER, SECRET)
    before, shard = path.read_bytes(), opened(path)
    gone = {int(written.ids[3]), int(written.ids[17]), 1}
    blocks = [slice(int(start), int(end)) for start, end in zip(shard._offsets, shard._offsets[1:], strict=False)]
    touched = {0, 2, *(3 + int(number) for place in (3, 17) for number in shard.lists_of(place))}
    assert shard.erase(gone)
    after = path.read_bytes()
    assert len(after) == len(before)
    assert {k for k, block in enumerate(blocks) if before[block] != after[block]} == touched
    for place in touched:  # nothing of the block as it was, not even in another place
        assert before[blocks[place]][12:28] not in after
    again = opened(path)
    assert same(again.content(), written.without(gone))
    assert int((again.ids == GONE_ID).sum()) == 2
    assert shard.lists_of(4).tolist() == again.lists_of(4).tolist()
    with pytest.raises(CorruptRecord):
        again.lists_of(3)
    assert not again.erase(gone)


def test_small_shards_are_merged_and_full_ones_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "FULL", 100)
    sizes = []
    for start in range(0, 400, 20):
        save(folder_at(tmp_path), content(start, 20))
        sizes.append([shard.alive for shard in folder_at(tmp_path).shards])
    assert held_in(tmp_path) == {977 * number + 5 for number in range(400)}
    assert sum(sizes[-1]) == 400
    assert max(map(len, sizes)) <= 4 + 5  # full ones, and sizes that fall by halves
    assert max(map(max, sizes)) <= 100
    files = list((tmp_path / OWNER.name).iterdir())
    assert len(files) == len(sizes[-1]) + 1


def test_what_is_gone_by_the_time_of_writing_is_not_written(tmp_path: Path) -> None:
    save(folder_at(tmp_path), content(0, 30))
    folder, new = folder_at(tmp_path), content(100, 10)
    gone_since = {int(new.ids[2]), 5}
    folder.save(new, [], set(), POINT, lambda: gone_since)
    assert not held_in(tmp_path) & gone_since
    assert len(held_in(tmp_path)) == 38


def test_who_does_not_know_the_newest_manifest_writes_nothing(tmp_path: Path) -> None:
    one, other = folder_at(tmp_path), folder_at(tmp_path)
    save(one, content(0, 30))
    with pytest.raises(OutdatedError):
        save(other, content(50, 30))
    save(one, content(100, 10))
    assert len(held_in(tmp_path)) == 40


def test_a_manifest_of_an_unknown_key_counts_for_nothing(tmp_path: Path) -> None:
    save(folder_at(tmp_path), content())
    other = ShardFolder(tmp_path, OWNER, "feedbeef", lambda key: bytes(32) if key == "feedbeef" else None)
    assert (other.shards, other.point) == ([], None)
    save(other, content(100, 5))
    assert folder_at(tmp_path).point is None
    assert len(list((tmp_path / OWNER.name).glob("*" + SUFFIX))) == 1


def test_a_flipped_bit_of_a_manifest_is_damage(tmp_path: Path) -> None:
    save(folder_at(tmp_path), content())
    path = tmp_path / OWNER.name / FILE
    raw = path.read_bytes()
    for place in range(len(raw)):
        flipped = bytearray(raw)
        flipped[place] ^= 1 << (place % 8)
        path.write_bytes(flipped)
        folder = folder_at(tmp_path)
        assert (folder.point, folder.shards) == (None, [])
        with pytest.raises(CorruptRecord):
            read_manifest(path.parent, OWNER.store_id, lambda _: SECRET)


def test_a_missing_shard_leaves_the_others_and_no_point(tmp_path: Path) -> None:
    save(folder_at(tmp_path), content(0, 30))
    save(folder_at(tmp_path), content(100, 10))
    folder = folder_at(tmp_path)
    assert (len(folder.shards), folder.point) == (2, POINT)
    folder.shards[0].path.unlink()
    folder = folder_at(tmp_path)
    assert (len(folder.shards), folder.point) == (1, None)


def test_putting_right_leaves_out_what_is_damaged_and_nothing_else(tmp_path: Path) -> None:
    save(folder_at(tmp_path), content(0, 30))
    save(folder_at(tmp_path), content(100, 10))
    path = folder_at(tmp_path).shards[0].path
    raw = bytearray(path.read_bytes())
    raw[-3] ^= 4  # of a list that is read when it is asked
    path.write_bytes(raw)
    folder = folder_at(tmp_path)
    assert folder.point == POINT
    folder.put_right()
    assert (len(folder.shards), folder.point) == (1, None)
    assert not path.exists()
    folder = folder_at(tmp_path)
    assert (len(folder.shards), folder.point) == (1, None)


def test_putting_right_changes_nothing_where_all_is_well(tmp_path: Path) -> None:
    save(folder_at(tmp_path), content(0, 30))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    folder_at(tmp_path).put_right()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_what_a_killed_process_left_is_swept_away(tmp_path: Path) -> None:
    save(folder_at(tmp_path), content(0, 30))
    inside = tmp_path / OWNER.name
    stray = write_shard(inside, content(500, 3), OWNER, SECRET)
    part = inside / f"{'0' * 32}{SUFFIX}.1234{PART}"
    part.write_bytes(b"half")
    save(folder_at(tmp_path), content(100, 10))
    assert not stray.exists()
    assert not part.exists()
    assert len(held_in(tmp_path)) == 40


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    save(folder_at(tmp_path / "index"), content())
    for path in (tmp_path / "index").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0 or os.name == "nt"
    assert (tmp_path / "index").stat().st_mode & 0o077 == 0 or os.name == "nt"


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(StoreLocked), held(tmp_path, timeout_s=0.05):
        pass
    with held(tmp_path, timeout_s=0.05):
        pass


def test_folders_of_two_codebooks_are_two() -> None:
    other = Owner(OWNER.store_id, OWNER.model_id, "another", OWNER.lists, OWNER.width)
    assert len({OWNER.name, other.name}) == 2
    assert len(OWNER.name) == NAME_DIGITS


@pytest.mark.parametrize("ids", [set(), {5}, {5, 977 + 5, 1}])
def test_content_without_some_is_the_others(ids: set[int]) -> None:
    left = content().without(ids)
    assert [one for one in content().ids.tolist() if one not in ids] == left.ids.tolist()
    assert int(left.minutiae.sum()) == len(left.lists) == len(left.codes)


@pytest.mark.parametrize("size", [1, 7, 40, 100])
def test_content_that_is_split_is_the_same_joined(size: int) -> None:
    parts = list(content().split(size))
    assert max(map(len, parts)) <= size
    assert same(Content.joined(parts), content())


# --- the hooks of a store, on either kind of database ---------------------------------------------------------------


def indexed(store: Store, count: int, make_template: MakeTemplate) -> None:
    """Enrolls subjects, and keeps made-up rows of them beside the store."""
    for number in range(count):
        store.add(f"S{number}", "right-index", make_template(number))
    ids = np.array([int(one, 16) for one in store.record_ids()], np.uint64)
    made = content(7, count)
    folder = beside(store)
    folder.save(Content(ids, made.minutiae, made.lists, made.codes), [], set(), store.changes().point, set)


def beside(store: Store) -> ShardFolder:
    folder = store.shard_folder("release-1", "digest", OWNER.lists, OWNER.width)
    assert folder is not None
    return folder


def kept_beside(store: Store) -> set[str]:
    return {f"{int(one):016x}" for shard in beside(store).shards for one in shard.content().ids}


def test_a_deletion_is_erased_beside_the_store(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store:
        indexed(store, 6, make_template)
        assert kept_beside(store) == set(store.record_ids())
        store.delete("S2")
        with store.batch():
            store.delete("S3")
            store.delete("S4")
        assert kept_beside(store) == set(store.record_ids())
        assert len(kept_beside(store)) == 3


def test_a_template_that_is_made_anew_takes_the_old_one_out(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store:
        indexed(store, 3, make_template)
        store.add("with scan", "right-index", make_template(9), scan=Scan(np.full((64, 64), 128, np.uint8), 500))
        indexed_before = kept_beside(store)
        store.remake("with scan", "release-2", lambda _: make_template(8, model_id="release-2"))
        assert kept_beside(store) == indexed_before & set(store.record_ids())


def test_a_deletion_that_is_undone_erases_nothing(open_store: OpenStore, make_template: MakeTemplate) -> None:
    def deleted_in_vain(store: Store) -> None:
        with store.batch():
            store.delete("S1")
            store.delete("nobody")

    with open_store() as store:
        indexed(store, 4, make_template)
        with pytest.raises(NotEnrolled):
            deleted_in_vain(store)
        store.delete("S2")
        assert kept_beside(store) == set(store.record_ids())
        assert len(kept_beside(store)) == 3


def test_a_new_key_seals_what_lies_beside_anew(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store:
        indexed(store, 4, make_template)
        before, point = {shard.path for shard in beside(store).shards}, beside(store).point
        store.rotate()
        assert kept_beside(store) == set(store.record_ids())
        assert beside(store).point == point
        assert not any(path.exists() for path in before)


def test_wiping_takes_out_what_a_killed_process_left(
    open_store: OpenStore, make_template: MakeTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store() as store:
        indexed(store, 4, make_template)
        monkeypatch.setattr(Store, "_erase_beside", lambda _: None)  # as if it was killed before
        store.delete("S2")
        assert len(kept_beside(store)) == 4
        store.wipe()
        assert kept_beside(store) == set(store.record_ids())


def test_a_damaged_index_does_not_hinder_a_deletion(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store:
        indexed(store, 4, make_template)
        for shard in beside(store).shards:
            shard.path.write_bytes(b"nonsense")
        store.delete("S2")
        assert kept_beside(store) == set()
        indexed_folder = beside(store)
        assert (indexed_folder.shards, indexed_folder.point) == ([], None)


def test_the_last_one_takes_the_files_along(open_store: OpenStore, make_template: MakeTemplate) -> None:
    with open_store() as store:
        indexed(store, 2, make_template)
        inside = beside(store).shards[0].path.parent
        store.delete("S0")
        assert inside.exists()
        store.delete("S1")
        assert not inside.exists()


def test_an_index_that_cannot_be_written_is_named_and_the_deletion_stands(
    open_store: OpenStore, make_template: MakeTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    with open_store() as store:
        indexed(store, 3, make_template)
        monkeypatch.setattr(Shard, "erase", refused)
        with pytest.raises(StoreError, match=r"1 impressions were removed, but traces .*Read-only file system"):
            store.delete("S1")
        assert len(list(store.record_ids())) == 2


def test_a_store_without_an_index_has_no_folder_beside_it(
    open_store: OpenStore, make_template: MakeTemplate, tmp_path: Path
) -> None:
    with open_store() as store:
        store.add("A", "right-index", make_template())
        store.delete("A")
        store.rotate()
        store.wipe()
    assert not list(tmp_path.rglob("*.index"))


def test_what_another_store_left_is_removed(tmp_path: Path) -> None:
    other = Owner("cd" * 16, "model", "digest", 50, 8)
    save(folder_at(tmp_path, owner=other), content())
    save(folder_at(tmp_path), content())
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [OWNER.name]
