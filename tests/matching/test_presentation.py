"""Probes of one person, seen by several models."""

from __future__ import annotations

import pytest

from fpverify.matching import Presentation

Groups = tuple[tuple[int, ...], ...]
ALONE: Groups = ((0,), (1,), (2,), (3,))


def seen(groups: Groups) -> Presentation:
    return Presentation(("a", "b", "c", "d"), (None,) * 4, None, groups)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("each", "together"),
    [
        ((ALONE, ALONE), ALONE),
        ((ALONE, ((0, 3), (1,), (2,))), ((0, 3), (1,), (2,))),
        ((((0, 1), (2,), (3,)), ((0,), (1, 2), (3,))), ((0, 1, 2), (3,))),
        ((((0, 1), (2, 3)), ALONE, ((0,), (1, 2), (3,))), ((0, 1, 2, 3),)),
    ],
)
def test_what_one_model_finds_alike_is_one_finger_to_all(each: tuple[Groups, ...], together: Groups) -> None:
    first, *others = map(seen, each)
    assert first.joined(others).groups == together
    assert seen(each[-1]).joined([seen(one) for one in each[:-1]]).groups == together


def test_what_one_model_sees_alone_stays_as_it_is() -> None:
    one = seen(((0, 2), (1,), (3,)))
    assert one.joined(()) is one
