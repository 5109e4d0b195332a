"""What every index keeps to, as a class of tests for pytest.

    class TestMyIndex(IndexContract):
        def new_index(self) -> Index:
            return MyIndex()

The prints are made up (`fpverify.testing.made_up_prints`): their descriptors have 64 numbers, of model `MODEL`.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from fpverify.testing.made_up_prints import finger, impression
from fpverify.vocabulary import Minutiae, Template

if TYPE_CHECKING:
    from fpverify.search.index import Index

FINGERS = 200  # ten times what is proposed
COUNT = 20
SPREAD = 0x9E3779B97F4A7C15  # odd: its multiples fill 64 bits, as the random ids of a store do
LAST_ID = 2**64 - 2


class IndexContract:
    """Subclass it in a test module and give `new_index`."""

    def new_index(self) -> Index:
        """An empty index."""
        raise NotImplementedError

    def filled(self, numbers: range = range(FINGERS)) -> Index:
        """An index of the first impressions of these fingers."""
        index = self.new_index()
        index.add([id_of(number) for number in numbers], [reference(number) for number in numbers])
        return index

    def test_the_mate_is_proposed_first(self) -> None:
        index = self.filled()
        for number in range(0, FINGERS, 10):
            assert index.likeliest(probe(number), COUNT)[0] == id_of(number)

    def test_no_more_are_proposed_than_asked_for_and_none_twice(self) -> None:
        index = self.filled()
        for count in (1, 3, COUNT):
            proposed = index.likeliest(probe(7), count)
            assert 1 <= len(proposed) == len(set(proposed)) <= count

    def test_all_are_proposed_where_there_are_no_more_than_asked_for(self) -> None:
        index = self.filled(range(COUNT))
        assert sorted(index.likeliest(probe(100), COUNT)) == sorted(map(id_of, range(COUNT)))

    def test_what_was_removed_is_proposed_no_more(self) -> None:
        index = self.filled()
        index.remove([id_of(number) for number in range(0, FINGERS, 2)])
        assert len(index) == FINGERS // 2
        gone = {id_of(number) for number in range(0, FINGERS, 2)}
        for number in range(0, FINGERS, 10):
            assert not gone & set(index.likeliest(probe(number), COUNT))
        assert index.likeliest(probe(11), COUNT)[0] == id_of(11)

    def test_what_was_removed_may_come_again(self) -> None:
        index = self.filled()
        index.remove([id_of(3)])
        index.add([id_of(3)], [reference(3)])
        assert len(index) == FINGERS
        assert index.likeliest(probe(3), COUNT)[0] == id_of(3)

    def test_an_id_keeps_its_first_template(self) -> None:
        index = self.filled()
        index.add([id_of(3), id_of(3)], [reference(FINGERS), reference(FINGERS + 1)])
        assert len(index) == FINGERS
        assert index.likeliest(probe(3), COUNT)[0] == id_of(3)
        assert id_of(3) not in index.likeliest(probe(FINGERS), 1)

    def test_unknown_ids_are_passed_over(self) -> None:
        index = self.filled(range(30))
        index.remove([id_of(FINGERS), id_of(2), id_of(2)])
        assert len(index) == 29

    def test_an_empty_index_proposes_nothing(self) -> None:
        index = self.new_index()
        assert (len(index), index.likeliest(probe(0), COUNT)) == (0, [])
        index.add([], [])
        index.remove([])
        index.remove([id_of(0)])
        assert (len(index), index.likeliest(probe(0), COUNT)) == (0, [])

    def test_it_may_become_empty_again(self) -> None:
        index = self.filled(range(70))
        index.remove([id_of(number) for number in range(70)])
        assert (len(index), index.likeliest(probe(0), COUNT)) == (0, [])
        index.add([id_of(5)], [reference(5)])
        assert index.likeliest(probe(5), COUNT) == [id_of(5)]

    def test_any_64_bits_are_an_id(self) -> None:
        index, ids = self.filled(), (0, 1, 2**63 - 1, 2**63, LAST_ID)
        index.add(ids, [reference(FINGERS + k) for k in range(len(ids))])
        for k, one in enumerate(ids):
            assert index.likeliest(probe(FINGERS + k), COUNT)[0] == one
        index.remove(ids)
        assert len(index) == FINGERS
        assert not set(ids) & set(index.likeliest(probe(FINGERS), COUNT))

    def test_references_without_minutiae_are_counted_and_hide_no_other(self) -> None:
        index = self.filled()
        index.add([1, 2], [bare(), bare()])
        assert len(index) == FINGERS + 2
        assert index.likeliest(probe(4), COUNT)[0] == id_of(4)
        index.remove([1])
        assert len(index) == FINGERS + 1

    def test_a_probe_without_minutiae_finds_nobody(self) -> None:
        assert self.filled().likeliest(bare(), COUNT) == []

    def test_the_order_of_changes_does_not_matter(self) -> None:
        at_once, one_by_one = self.filled(), self.new_index()
        for number in reversed(range(FINGERS + 20)):
            one_by_one.add([id_of(number)], [reference(number)])
        one_by_one.remove([id_of(number) for number in (*range(50), *range(FINGERS, FINGERS + 20))])
        one_by_one.add([id_of(number) for number in range(50)], [reference(number) for number in range(50)])
        for number in range(0, FINGERS, 25):
            wanted = at_once.likeliest(probe(number), COUNT)
            assert one_by_one.likeliest(probe(number), COUNT) == wanted

    def test_any_sequence_of_changes_leaves_what_it_should(self) -> None:
        for seed in range(3):
            rng, index, model = np.random.default_rng(seed), self.new_index(), set[int]()
            for _ in range(25):
                numbers = {int(one) for one in rng.integers(0, FINGERS, rng.integers(1, 40))}
                if rng.random() < 0.6:
                    index.add([id_of(one) for one in numbers], [reference(one) for one in numbers])
                    model |= numbers
                else:
                    index.remove([id_of(one) for one in numbers])
                    model -= numbers
                self.require(index, model, int(rng.integers(FINGERS)))

    def require(self, index: Index, model: set[int], number: int) -> None:
        """Fails if an index does not hold the fingers of a model, or does not find one of them."""
        proposed = index.likeliest(probe(number), COUNT)
        assert len(index) == len(model)
        assert set(proposed) <= {id_of(one) for one in model}
        assert number not in model or id_of(number) in proposed

    def test_threads_may_change_and_search_it_together(self) -> None:
        index, half = self.filled(range(FINGERS // 2)), FINGERS // 2

        def change(start: int) -> None:
            numbers = range(half + start, FINGERS, 2)
            for _ in range(3):
                for number in numbers:
                    index.add([id_of(number)], [reference(number)])
                index.remove([id_of(number) for number in numbers])

        def search(start: int) -> None:
            for number in range(start, half, 4):
                assert id_of(number) in index.likeliest(probe(number), COUNT)

        with ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(one, start) for one in (change, search) for start in (0, 1)]
            for job in jobs:
                job.result()
        assert len(index) == half
        assert set(index.likeliest(probe(half), COUNT)) <= {id_of(number) for number in range(half)}


def id_of(number: int) -> int:
    """An id for a finger, like those of a store's records."""
    return (number + 1) * SPREAD % 2**64


@cache
def reference(number: int) -> Template:
    """The enrolled impression of a finger."""
    return finger(number)


@cache
def probe(number: int) -> Template:
    """Another impression of it."""
    return impression(finger(number), 1000 + number)


def bare() -> Template:
    """A template without minutiae."""
    nothing = np.zeros(0, np.float32)
    return replace(
        reference(0), minutiae=Minutiae(nothing, nothing, nothing, nothing), descriptors=np.zeros((0, 0), np.int8)
    )
