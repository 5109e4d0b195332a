"""What all minutiae of two prints say about an alignment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from made_up_prints import finger, impression
from test_bare import alone, prints

from fpverify.comparison import PreparedTemplate, prepare_template, similarities, similarity
from fpverify.comparison.overlap import Overlap, laid_on_each_other
from fpverify.comparison.witnesses import (
    ALIGNING,
    MARGIN_PX,
    PRINTS,
    STEEPNESS,
    WEIGHTS,
    WITNESS,
    Heard,
    Judge,
    hear,
    judged,
    judges,
    witnessed,
)
from fpverify.vocabulary import AlignmentKind, Minutiae, Template

DISTANCE, DIRECTION = 1, 2  # columns of a witness; the first says whether it has a partner


def laid(one: Template, other: Template) -> tuple[PreparedTemplate, PreparedTemplate, Overlap]:
    """In their order, and how they lie."""
    first, second = sorted((prepare_template(one), prepare_template(other)), key=lambda each: each.order)
    (found,) = laid_on_each_other(first, [second], ALIGNING)
    return first, second, found


def heard(one: Template, other: Template) -> Heard:
    found = hear(*laid(one, other))
    assert found is not None
    return found


@pytest.mark.parametrize("alignment", WEIGHTS)
def test_prints_of_one_finger_are_more_alike_than_any_of_two(alignment: AlignmentKind) -> None:
    fingers = [prints(seed) for seed in range(12)]
    mated = [similarity(one, other, alignment=alignment) for one, other in fingers]
    strangers = [similarity(fingers[k][0], fingers[k - 1][1], alignment=alignment) for k in range(12)]
    assert min(mated) > max(strangers)
    assert all(0 <= one <= 1 for one in mated + strangers)


@pytest.mark.parametrize("alignment", WEIGHTS)
def test_comparing_is_exactly_symmetric(alignment: AlignmentKind) -> None:
    some = [one for seed in range(4) for one in prints(seed)]
    table = np.array([similarities(one, some, alignment=alignment) for one in some])
    assert (table == table.T).all()


def test_many_at_once_are_compared_as_each_is() -> None:
    one, *others = [one for seed in range(3) for one in prints(seed)]
    at_once = similarities(one, others, alignment="bent").tolist()
    assert at_once == [similarity(one, other, alignment="bent") for other in others]


def test_every_minutia_within_the_other_print_is_heard_of() -> None:
    print_ = alone(finger(4))
    same = heard(print_, print_)
    assert same.witnesses.shape == (2 * len(print_.minutiae), WITNESS)
    assert same.prints.shape == (PRINTS,)
    assert (same.witnesses[:, 0] == 1).all()
    assert np.abs(same.witnesses[:, [DISTANCE, DIRECTION]]).max() < 0.01


def test_one_that_is_missing_in_the_other_print_is_heard_without_a_partner() -> None:
    print_ = alone(finger(4))
    inside = int(np.hypot(print_.minutiae.x_px - 60, print_.minutiae.y_px - 60).argmin())
    kept = np.arange(len(print_.minutiae)) != inside
    table = print_.minutiae
    fewer = Minutiae(table.x_px[kept], table.y_px[kept], table.angle_rad[kept], table.quality[kept])
    found = heard(print_, Template(print_.model_id, 1.0, fewer, print_.descriptors[kept]))
    assert int((found.witnesses[:, 0] == 0).sum()) == 1


def test_those_beyond_the_other_print_are_not_asked() -> None:
    one, other = alone(finger(6)), alone(impression(finger(6), 1))
    first, second, found = laid(one, other)
    shown = hear(first, second, found)
    assert shown is not None
    assert found.alignment is not None
    places = found.alignment.laid(first.position)
    beyond = (places[:, None] * second.hull_normals.conj()).real.max(1) - second.hull_offsets_px.max()
    assert len(shown.witnesses) <= len(first) + len(second) - int((beyond > 3 * MARGIN_PX).sum())


@pytest.mark.parametrize("alignment", WEIGHTS)
def test_witnesses_without_a_partner_lower_the_odds(alignment: AlignmentKind) -> None:
    one, other = prints(7)
    found = heard(one, other)
    silent = found.witnesses.copy()
    silent[:, :7] = 0
    asked = judges(alignment)
    assert _odds(found._replace(witnesses=silent), asked) < _odds(found, asked) - 1


def _odds(found: Heard, asked: Sequence[Judge]) -> float:
    return float(np.mean([judged(found, judge) for judge in asked]))


@pytest.mark.parametrize("alignment", WEIGHTS)
def test_the_similarity_grows_with_the_odds_that_the_judges_find_on_average(alignment: AlignmentKind) -> None:
    one, other = prints(7)
    both = laid(one, other)
    found = hear(*both)
    assert found is not None
    odds = _odds(found, judges(alignment))
    assert witnessed(*both, judges(alignment)) == pytest.approx(1 / (1 + np.exp(-odds / STEEPNESS)))


def test_what_cannot_be_laid_on_each_other_is_alike_in_nothing() -> None:
    few = alone(finger(2, minutiae=2))
    assert similarity(few, few, alignment="bent") == 0


def test_the_opinions_differ() -> None:
    """So that the setting of the card decides which is asked."""
    one, other = prints(5)
    kinds: tuple[AlignmentKind, ...] = ("rigid", "bent", "bounded")
    assert len({similarity(one, other, alignment=kind) for kind in kinds}) == len(kinds)


@pytest.mark.parametrize(("alignment", "many"), [("bent", 1), ("bounded", 5)])
def test_the_weights_fill_their_files(alignment: AlignmentKind, many: int) -> None:
    assert len(judges(alignment)) == many
    assert all(np.isfinite(part).all() for judge in judges(alignment) for part in judge)
