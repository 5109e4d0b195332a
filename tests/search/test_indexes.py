"""Indexes of minutiae: the contract that all keep, and what is particular to each."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from made_up_prints import WIDTH, finger, impression, on_grid

from fpverify.errors import CorruptModel
from fpverify.search.index import Index
from fpverify.search.index.codebook import STEPS, Codebook, steps
from fpverify.search.index.everything import Everything
from fpverify.search.index.exact import BLOCK, ExactIndex
from fpverify.search.index.growing import GrowingIndex
from fpverify.search.index.inverted import (
    NEIGHBOURS,
    InvertedIndex,
    _largest_places,
    _nearest_rows,
    _portions,
    asked_lists,
)
from fpverify.search.index.lists import Lists, as_bytes
from fpverify.search.index.preselection import Measured, decoded, encoded
from fpverify.search.index.slots import OwnLists
from fpverify.search.index.vectors import VectorIndex
from fpverify.search.index.votes import likeliest
from fpverify.testing import IndexContract
from fpverify.vocabulary import Minutiae, Template


def codebook(lists: int = 64) -> Codebook:
    return Codebook(steps(np.random.default_rng(5).normal(size=(lists, WIDTH)).astype(np.float32)), "made up")


class TestExact(IndexContract):
    def new_index(self) -> Index:
        return ExactIndex()


class TestInverted(IndexContract):
    def new_index(self) -> Index:
        return InvertedIndex(codebook())


class TestGrowing(IndexContract):
    @pytest.fixture(autouse=True)
    def _goes_over_early(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("fpverify.search.index.growing.EXACT_UP_TO", 100)

    def new_index(self) -> Index:
        return GrowingIndex(codebook())


def test_a_growing_index_goes_over_to_lists_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fpverify.search.index.growing.EXACT_UP_TO", 30)
    index, lists = GrowingIndex(codebook()), InvertedIndex(codebook())
    nothing = replace(finger(0), minutiae=Minutiae(*[np.zeros(0, np.float32)] * 4), descriptors=np.zeros((0, 0), "i1"))
    index.add([1000], [nothing])
    lists.add([1000], [nothing])
    names = []
    for number in range(60):
        index.add([number], [finger(number)])
        lists.add([number], [finger(number)])
        names.append(index.name)
    assert names == ["exact"] * 29 + ["ivf"] * 31
    assert len(index) == 61
    for number in range(0, 60, 7):
        probe = impression(finger(number), number)
        assert index.likeliest(probe, 5) == lists.likeliest(probe, 5)
    index.remove(range(40))
    assert index.name == "ivf"


def test_blocks_stay_full_whatever_is_removed() -> None:
    index = ExactIndex()
    index.add(range(5 * BLOCK), [finger(number % 50) for number in range(5 * BLOCK)])
    rng = np.random.default_rng(1)
    for _ in range(10):
        index.remove(rng.integers(0, 5 * BLOCK, 13).tolist())
        sizes = sorted(map(len, index.blocks()), reverse=True)
        assert sum(sizes) == len(index)
        assert all(size == BLOCK for size in sizes[:-1])


def test_neighbours_are_those_of_a_slow_look_at_all_rows() -> None:
    index, prints = InvertedIndex(codebook(1)), [finger(number) for number in range(30)]
    index.add(range(100, 130), prints)
    coded = steps(prints[0].descriptors)
    cosines, slots = index._neighbours(coded, index._asked(coded, 1))
    rows = np.concatenate([steps(one.descriptors) for one in prints]).astype(int)
    owners = np.repeat(np.arange(100, 130), [len(one.minutiae) for one in prints])
    for minutia, (found, slot) in enumerate(zip(cosines, slots, strict=True)):
        wanted = (1 - ((rows - coded[minutia]) ** 2).sum(axis=1) / (2 * STEPS**2)).astype(np.float32)
        np.testing.assert_allclose(found, np.sort(wanted)[::-1][:NEIGHBOURS], atol=1e-6)
        named = index._slots.ids_of(slot)
        pairs = zip(found, named, strict=True)
        assert all(np.isclose(one, wanted[owners == owner], atol=1e-6).any() for one, owner in pairs)


@pytest.mark.parametrize("sizes", [[1], [3, 5], [40], [9, 16, 1, 33], [16, 16], [400, 90, 30, 7]])
@pytest.mark.parametrize("values", [3, 128])
def test_the_nearest_rows_are_those_of_all_blocks_however_many_are_put_together(sizes: list[int], values: int) -> None:
    rng = np.random.default_rng(2)
    codes = [rng.integers(1 - values, values, (size, 8)).astype(np.int8) for size in sizes]
    slots = np.split(np.arange(sum(sizes), dtype=np.uint32), np.cumsum(sizes)[:-1])
    probe = rng.integers(1 - values, values, (1, 8)).astype(np.int8)
    squared, whose = _nearest_rows(
        as_bytes(probe), [as_bytes(one) for one in codes], slots, np.empty((64, 8), np.uint8)
    )
    wanted = ((np.concatenate(codes).astype(int) - probe) ** 2).sum(axis=1)
    assert squared.tolist() == np.sort(wanted)[:NEIGHBOURS].tolist()
    assert squared.tolist() == wanted[whose].tolist()
    assert len(set(whose.tolist())) == len(whose)


def test_blocks_are_put_together_as_far_as_there_is_room() -> None:
    assert [list(one) for one in _portions([3, 4, 9, 20, 1, 9], 10)] == [[0, 1], [2], [3], [4, 5]]
    assert list(_portions([], 10)) == []


@pytest.mark.parametrize("values", [3, 60, 20_000])
@pytest.mark.parametrize("count", [1, 4, 9, 44, 200])
def test_a_minutia_asks_the_lists_that_numpy_finds_nearest_of_equals_too(count: int, values: int) -> None:
    products = np.random.default_rng(count).integers(-values, values, (30, 512)).astype(np.float32)
    wanted = np.argpartition(products, -count, axis=1)[:, -count:]
    assert np.sort(_largest_places(products, count)).tolist() == np.sort(wanted).tolist()


def test_a_list_is_that_of_the_nearest_centre() -> None:
    index, rows = InvertedIndex(codebook(50)), steps(finger(3).descriptors)
    wanted = (rows.astype(int) @ codebook(50).centres.astype(int).T).argmax(axis=1)
    assert index._nearest(rows).tolist() == wanted.tolist()


def test_removing_takes_the_descriptors_out_of_memory() -> None:
    index = InvertedIndex(codebook(1))
    index.add([1, 2], [finger(1), finger(2)])
    index.remove([2])
    (block,) = index._lists._blocks[0]
    assert block.size == len(finger(1).minutiae)
    assert not block.codes[block.size :].any()
    assert set(index._slots.ids_of(block.slots[: block.size]).tolist()) == {1}


def test_lists_that_grow_keep_their_rows_and_little_room() -> None:
    lists, rng = Lists(3, 4), np.random.default_rng(1)
    kept: list[list[tuple[bytes, int]]] = [[], [], []]
    for slot in range(1, 3000):
        codes, numbers = rng.integers(0, 256, (5, 4)).astype(np.uint8), rng.integers(0, 3, 5)
        lists.append(numbers, codes, np.full(5, slot, np.uint32))
        for number, row in zip(numbers, codes, strict=True):
            kept[number].append((row.tobytes(), slot))
        if slot % 7 == 0:
            gone = int(rng.integers(1, slot))
            for number in range(3):
                lists.strike(number, gone)
            kept = [[one for one in rows if one[1] != gone] for rows in kept]
    for number, wanted in enumerate(kept):
        codes, slots = map(np.concatenate, lists.rows([number]))
        assert sorted(zip([row.tobytes() for row in codes], slots.tolist(), strict=True)) == sorted(wanted)
        room = sum(len(block.slots) for block in lists._blocks[number])
        assert room <= 1.3 * len(wanted)


def test_lists_of_references_are_kept_without_gaps_for_long() -> None:
    own, rng, wanted = OwnLists(), np.random.default_rng(4), dict[int, list[int]]()
    for slot in range(1, 4000):
        lists = rng.integers(0, 4096, rng.integers(0, 60)).astype(np.uint16)
        own.keep(slot, lists)
        wanted[slot] = lists.tolist()
        if slot > 100:  # a hundred are there at any time
            gone = int(rng.choice(list(wanted)))
            own.drop(gone)
            del wanted[gone]
            assert own.of(gone) is None
    found = {slot: own.of(slot) for slot in wanted}
    assert {slot: lists.tolist() for slot, lists in found.items() if lists is not None} == wanted
    assert len(own._flat) < 3 * (1024 + sum(map(len, wanted.values())))
    assert own.of(10**6) is None


def test_fuller_lists_are_asked_less() -> None:
    asked = [asked_lists(minutiae, 1000) for minutiae in (0, 10_000, 100_000, 10_000_000)]
    assert asked == sorted(asked, reverse=True)
    assert asked[0] > asked[-1] >= 1


def test_a_minutia_votes_once_for_a_reference_and_by_how_much_nearer_it_is() -> None:
    cosine = np.array([[0.9, 0.8, 0.7, 0.5], [0.6, 0.6, 0.55, 0.5]], np.float32)
    ids = np.array([[7, 7, 9, 4], [9, 4, 8, 2]], np.uint64)
    # 7: 0.4; 9: 0.2 + 0.1; 4: 0.1 (its 0.5 is the last neighbour's); 8: 0.05; 2: nothing
    assert likeliest(cosine, ids, 10) == [7, 9, 4, 8]
    assert likeliest(cosine, ids, 2) == [7, 9]


def test_where_neighbours_are_few_they_are_held_against_strangers() -> None:
    least = np.finfo(np.float32).min
    cosine, ids = np.array([[0.8, 0.2, least]], np.float32), np.array([[5, 6, 2**64 - 1]], np.uint64)
    assert likeliest(cosine, ids, 10) == [5]
    assert likeliest(cosine[:, :0], ids[:, :0], 10) == [] if cosine[:, :0].size else True


def test_equal_votes_go_by_id() -> None:
    cosine, ids = np.array([[0.9, 0.9, 0.9, 0.4]], np.float32), np.array([[9, 3, 5, 1]], np.uint64)
    assert likeliest(cosine, ids, 3) == [3, 5, 9]


def test_a_codebook_comes_back_from_its_bytes() -> None:
    made = codebook()
    again = Codebook.decoded(made.encoded(), "here")
    assert (again.centres == made.centres).all()
    assert len(again.digest) == 64


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\x93NUMPY\x01\x00"])
def test_what_is_no_codebook_is_refused(content: bytes) -> None:
    with pytest.raises(CorruptModel, match="here"):
        Codebook.decoded(content, "here")


def test_a_codebook_of_other_numbers_is_refused() -> None:
    with pytest.raises(CorruptModel, match="8 bits"):
        Codebook.decoded(Codebook(np.zeros((3, 4), np.float32), "").encoded(), "here")  # type: ignore[arg-type]


def test_steps_are_of_unit_vectors() -> None:
    rows = on_grid(np.random.default_rng(3).normal(size=(50, WIDTH)))
    unit = rows / np.linalg.norm(rows.astype(float), axis=1, keepdims=True)
    np.testing.assert_allclose(steps(rows) / STEPS, unit, atol=0.51 / STEPS)
    assert (steps(np.zeros((2, WIDTH), np.float32)) == 0).all()


def test_figures_of_an_index_come_back_from_their_bytes() -> None:
    measured = [Measured("ivf", 1000, 20, 500, 1), Measured("exact", 1000, 20, 500, 0)]
    content = encoded(measured, "the tool")
    assert decoded(content, "here") == measured
    assert json.loads(content)["made_by"] == "the tool"
    assert measured[0].error == 0.002
    for wrong in (b"", b"{}", b'{"measured": [{"index": "ivf"}]}', b"[]"):
        with pytest.raises(CorruptModel, match="here"):
            decoded(wrong, "here")


def whole_print(turn: float) -> Template:
    nothing = np.zeros(0, np.float32)
    vector = np.array([np.cos(turn), np.sin(turn)], np.float32)
    return Template("m", 1.0, Minutiae(*[nothing] * 4), np.zeros((0, 0), np.int8), vector)


def test_vectors_are_all_compared() -> None:
    index = VectorIndex()
    index.add(range(200), [whole_print(0.01 * k) for k in range(200)])
    assert index.likeliest(whole_print(1.504), 3) == [150, 151, 149]
    index.remove([150, 999])
    index.add([151], [whole_print(0.0)])
    assert index.likeliest(whole_print(1.504), 2) == [151, 149]
    assert index.likeliest(finger(0), 2) == []
    assert len(index) == 199


def test_everything_is_proposed_whatever_is_asked_for() -> None:
    index = Everything()
    index.add([5, 7, 9], [finger(0)] * 3)
    index.remove([7, 8])
    assert (len(index), index.likeliest(finger(1), 1)) == (2, [5, 9])
