from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fpverify.lab.pairs import Balanced, Copies, MatedOnly, MinEquals, measured_pairs, strangers

OWNERS = np.repeat(np.arange(6), 4).astype(np.int32)


@given(st.integers(0, 999), st.floats(0, 1))
def test_min_equals_pairs_are_mated_for_certain(seed: int, share: float) -> None:
    pairs = MinEquals(share).draw(OWNERS, np.random.default_rng(seed))
    assert len(pairs) == len(OWNERS)
    assert pairs.left.tolist() == list(range(len(OWNERS)))
    assert pairs.mated[: int(len(OWNERS) * share)].all()
    assert (pairs.mated == (OWNERS[pairs.left] == OWNERS[pairs.right])).all()


@pytest.mark.parametrize("sampling", [Balanced(40), Copies(40)])
def test_every_other_pair_is_mated(sampling: Balanced | Copies) -> None:
    pairs = sampling.draw(OWNERS, np.random.default_rng(1))
    assert pairs.mated.tolist() == [k % 2 == 0 for k in range(40)]
    assert (pairs.mated == (OWNERS[pairs.left] == OWNERS[pairs.right])).all()


def test_copies_pair_an_example_with_itself_and_others_never() -> None:
    rng = np.random.default_rng(2)
    copies, others = Copies(60).draw(OWNERS, rng), Balanced(60).draw(OWNERS, rng)
    assert (copies.left == copies.right)[copies.mated].all()
    assert not (others.left == others.right).any()


def test_a_batch_of_mated_pairs_shows_every_identity_before_any_twice() -> None:
    pairs = MatedOnly(6).draw(OWNERS, np.random.default_rng(3))
    assert pairs.mated.all()
    assert sorted(OWNERS[pairs.left]) == list(range(6))


@given(st.integers(0, 999))
def test_strangers_are_others_and_anybody_else_may_be_one(seed: int) -> None:
    owners = np.array([2, 0, 2, 1, 1, 1], np.int32)
    found = strangers(owners, np.zeros(200, np.int32), np.random.default_rng(seed))
    assert set(found.tolist()) == {1, 3, 4, 5}


def test_measured_pairs_are_all_pairs_where_they_are_few() -> None:
    pairs = measured_pairs(OWNERS, np.random.default_rng(4))
    assert len(pairs) == 24 * 23 // 2
    assert pairs.mated.sum() == 6 * 6


def test_measured_pairs_of_many_are_as_many_of_either_kind_and_none_twice() -> None:
    owners = np.repeat(np.arange(40), 14).astype(np.int32)
    pairs = measured_pairs(owners, np.random.default_rng(5))
    assert (pairs.mated.sum(), len(pairs)) == (2000, 4000)
    assert len(set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))) == 4000
