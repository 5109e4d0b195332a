"""What speaks against the labels of an evaluation is asked, and nothing is asked of one that is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fpverify.evaluation.rates.doubts import doubts
from fpverify.evaluation.rates.false_matches import false_match_pairs, false_matches_said
from fpverify.evaluation.rates.pooling import pooled
from fpverify.vocabulary import Evaluation

THRESHOLD = 30.0


def compared(names: list[tuple[str, str, int]], seed: int = 1, *, spread: float = 8.0) -> Evaluation:
    """Every two of the scans by a matcher that knows whose they are.

    Args:
        names: of each scan, of the finger that its name says, and the finger that it really shows.
        seed: of the scores.
        spread: standard deviation of the scores.
    """
    rng = np.random.default_rng(seed)
    scans, fingers, true = zip(*names, strict=True)
    probe, reference = (side.astype(np.int32) for side in np.triu_indices(len(scans), 1))
    same = np.array(true)[probe] == np.array(true)[reference]
    scores = rng.normal(np.where(same, 70, 4), spread)
    labels = np.array(fingers, object)
    return Evaluation(
        scans, fingers, probe, reference, labels[probe] == labels[reference], scores, "set", "dense", "0" * 64, "m"
    )


def right(fingers: int = 8, impressions: int = 3, **how: float) -> Evaluation:
    names = [(f"{f}_{k}", str(f), f) for f in range(fingers) for k in range(impressions)]
    return compared(names, **how)  # type: ignore[arg-type]


def test_nothing_is_asked_of_a_set_that_is_right() -> None:
    for seed in range(5):
        assert doubts(right(seed=seed), THRESHOLD) == []
        assert doubts(right(5, 4, seed=seed), THRESHOLD) == []
        assert doubts(right(seed=seed)) == []


def test_nothing_is_asked_of_a_weak_matcher() -> None:
    for seed in range(5):
        assert doubts(right(10, 8, seed=seed, spread=70.0)) == []  # EER 32 %
        assert doubts(right(10, 8, seed=seed, spread=70.0), THRESHOLD) == []


@pytest.mark.parametrize(
    "name",
    [
        lambda finger, k: (f"{finger // 3:03}_{'AB'[k % 2]}_roll_{finger % 3}", f"{finger // 3:03}_{'AB'[k % 2]}_roll"),
        lambda finger, k: (f"{k}_{finger}", str(k)),
        lambda finger, k: (f"{finger // 9}_{k}_{finger}", f"{finger // 9}_{k}"),
    ],
    ids=["person, device, finger", "impression, finger", "hand, impression, finger"],
)
def test_a_finger_where_the_impression_should_be_is_asked_about(name: object) -> None:
    names = [(*name(finger, k), finger) for finger in range(9) for k in range(2)]  # type: ignore[operator]
    (asked,) = doubts(compared(names), THRESHOLD)
    assert asked.startswith("0 of ")
    assert " and 9 of " in asked
    assert asked.endswith("non-mated comparisons match: does the last number of the names mean the impression?")


def test_folders_that_hold_other_things_than_fingers_are_asked_about() -> None:
    names = [(f"session {k}/{finger}", f"session {k}", finger) for k in range(2) for finger in range(9)]
    (asked,) = doubts(compared(names), THRESHOLD)
    assert asked.endswith("do the names and folders say which prints are of one finger?")


def test_people_for_fingers_are_asked_about() -> None:
    names = [(f"{f // 4}_{k + 2 * (f % 4)}", str(f // 4), f) for f in range(12) for k in range(2)]
    (asked,) = doubts(compared(names), THRESHOLD)
    assert asked.startswith(
        "the prints of 3 of 3 fingers, such as 0, fall into groups that match within and not across"
    )


def test_one_finger_under_two_names_is_asked_about() -> None:
    names = [(f"{f}_{k}", str(f), f % 7) for f in range(8) for k in range(2)]
    assert doubts(compared(names), THRESHOLD) == [
        "all 4 comparisons of the fingers 0 and 7 match: are they one finger?"
    ]


def test_distances_are_asked_about() -> None:
    one = right()
    assert doubts(replace(one, scores=1 / (1 + np.exp(one.scores / 30)))) == [
        "mated scores are lower than the others: are they distances?"
    ]
    asked = doubts(replace(one, scores=np.random.default_rng(3).normal(size=len(one.scores))))
    assert asked == ["mated scores are hardly higher than the others: does each line say rightly whether it is mated?"]


def failing(one: Evaluation, failed: list[int]) -> Evaluation:
    hit = np.isin(one.probe, failed) | np.isin(one.reference, failed)
    names = {one.scans[k]: "too faint" for k in failed}
    return replace(one, scores=np.where(hit, -np.inf, one.scores), failures=names)


def test_a_set_most_of_which_failed_is_asked_for_its_resolution() -> None:
    one = right()
    assert doubts(failing(one, [0, 5]), THRESHOLD) == []
    assert doubts(failing(one, list(range(13))), THRESHOLD) == [
        "13 of 24 scans failed to acquire: is the resolution (--ppi) right?"
    ]
    said = "24 of 24 scans failed to acquire; is the resolution (--ppi) right?"
    assert doubts(failing(one, list(range(24))), THRESHOLD) == [f"no comparison was made: {said}"]
    every = [k for k in range(24) if k % 3]  # one print a finger is left
    assert doubts(failing(one, every), THRESHOLD)[0].startswith("no mated comparison was made: 16 of 24")


# --- false matches --------------------------------------------------------------------------------------------------


def test_false_matches_are_counted_by_pair_of_fingers() -> None:
    one = right(6, 3)
    finger = np.array([int(name) for name in one.fingers])
    sides = np.sort([finger[one.probe], finger[one.reference]], axis=0)
    close, once = (sides[0] == 1) & (sides[1] == 4), np.flatnonzero((sides[0] == 0) & (sides[1] == 2))[:1]
    scores = np.where(one.mated, 70.0, 3.0)
    scores[np.flatnonzero(close)[:5]] = 30.0
    scores[np.flatnonzero(close)[5]] = -np.inf
    scores[once] = 99.0
    found = false_match_pairs(replace(one, scores=scores), THRESHOLD)
    assert found == {
        "count": 6,
        "finger_pairs": 2,
        "compared_finger_pairs": 15,
        "worst": {"fingers": ["1", "4"], "count": 5, "comparisons": 8, "share": 5 / 6},
    }
    assert false_matches_said(found) == "6 false matches come from 2 of 15 pairs of fingers; 1 and 4 make 5 (83 %)"


def test_without_false_matches_no_pair_is_the_worst() -> None:
    assert false_match_pairs(right(), 1000.0)["worst"] is None
    assert false_match_pairs(failing(right(), list(range(24))), THRESHOLD)["compared_finger_pairs"] == 0


def test_notes_of_a_pool_name_their_sets_unless_all_share_them() -> None:
    sets = [
        replace(right(seed=k), name=name, notes=("all", *own)) for k, name, own in ((1, "a", ("own",)), (2, "b", ()))
    ]
    assert pooled(sets).notes == ("a: own", "all")
