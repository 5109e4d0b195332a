"""Searching all that is enrolled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up_model import PLAIN, MadeUp
from made_up_prints import WIDTH, finger, impression, moved_by
from made_up_touches import skin, window

from fpverify.comparison import joint_threshold, similarity
from fpverify.errors import SettingsError
from fpverify.search import register as registers_of
from fpverify.search.index.codebook import FILE as CODEBOOK
from fpverify.search.index.codebook import Codebook, steps
from fpverify.search.index.preselection import FILE as FIGURES
from fpverify.search.index.preselection import Measured, encoded
from fpverify.search.register import COMPARED_IN_FULL, DUPLICATES_IN_FULL, Register, Registers
from fpverify.store import Store
from fpverify.vocabulary import Reference, Scores, Template

CENTRES = steps(np.random.default_rng(5).normal(size=(64, WIDTH)).astype(np.float32))
MEASURED = [Measured("exact", 50, 20, 100, 1), Measured("exact", 500, 20, 100, 2), Measured("ivf", 500, 20, 100, 3)]


WITH_LISTS = MadeUp({CODEBOOK: Codebook(CENTRES, "").encoded(), FIGURES: encoded(MEASURED, "a test")})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path, key="none") as opened:
        yield opened


@pytest.fixture
def open_again(tmp_path: Path) -> Callable[[], Store]:
    return lambda: Store.open(tmp_path, key="none", create=False)


def filled(store: Store, prints: Sequence[tuple[str, Template]]) -> list[Reference]:
    return [store.add(subject, "unknown", moved_by(template, 0, 99, 99)) for subject, template in prints]


def many(count: int, start: int = 0) -> list[tuple[str, Template]]:
    return [(f"S{number}", finger(number)) for number in range(start, start + count)]


def register(store: Store, index: str = "auto", matcher: MadeUp = PLAIN) -> Register:
    return Registers(index).current(store, matcher)  # type: ignore[arg-type]


@pytest.mark.parametrize("index", ["exact", "ivf", "none", "auto"])
def test_the_mate_is_found_by_every_index_at_one_threshold_and_score(store: Store, index: str) -> None:
    enrolled = filled(store, many(60))
    searched = register(store, index, WITH_LISTS)
    for number in range(0, 60, 9):
        probe = impression(finger(number), number)
        found = searched.identify(probe, top=3, fpir=0.1)
        assert found.candidates[0].subject == f"S{number}"
        assert found.candidates[0].score.value == 100 * similarity(probe, enrolled[number].template)
        assert (found.threshold, found.searched) == (joint_threshold(0.1, 60), 60)


class Doubting(MadeUp):
    """Believes half of what any probe scores."""

    asked: int = 0

    def heeded(self, probe: Template, references: Sequence[Template], raw: Scores) -> Scores:
        self.asked += 1
        return raw / 2


def test_whether_a_probe_resembles_many_is_asked_where_somebody_would_match(store: Store) -> None:
    (reference, *_) = filled(store, many(3))
    matcher, probe = Doubting({}), impression(finger(0), 1)
    search, plain = register(store, matcher=matcher).search(probe), 100 * similarity(probe, reference.template)
    strict, lax = (joint_threshold(fpir, 3) for fpir in (1e-12, 0.5))
    assert lax < plain / 2 < plain < strict
    for fpir, asked, score, matches in ((1e-12, 0, plain, 0), (0.5, 1, plain / 2, 1)):
        found = search.identification(search.compared(), top=1, fpir=fpir)
        assert (matcher.asked, found.candidates[0].score.value) == (asked, pytest.approx(score))
        assert len(found.matches) == matches


def test_fingers_that_are_passed_over_hide_no_other(store: Store) -> None:
    one = finger(0)
    own = filled(store, [("A", impression(one, seed, noise=0.2)) for seed in range(COMPARED_IN_FULL + 10)])
    filled(store, [*many(79, 1), ("B", impression(one, 500, missing=0.5, noise=0.9))])
    for index in ("exact", "ivf"):
        searched = register(store, index, WITH_LISTS)
        for seed in range(900, 903):
            search = searched.search(impression(one, seed), own)
            found = search.identification(search.compared(), top=1, fpir=0.1)
            assert found.candidates[0].subject == "B"
            assert found.searched == 80


@pytest.mark.parametrize("index", ["exact", "ivf"])
def test_a_look_for_duplicates_among_many_compares_fewer_and_finds_the_mate(
    store: Store, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, many(60))
    searched = register(store, index, WITH_LISTS)
    probes = [impression(finger(number), number, missing=0.1, noise=0.2) for number in range(0, 60, 9)]
    few = [searched.look_for_duplicates(one).search() for one in probes]
    monkeypatch.setattr(registers_of, "EXACT_UP_TO", 59)
    fewer = [searched.look_for_duplicates(one).search() for one in probes]
    assert {len(one.proposed) for one in few} == {COMPARED_IN_FULL}
    assert {len(one.proposed) for one in fewer} == {DUPLICATES_IN_FULL}
    among_few, among_fewer = (
        [one.identification(one.compared(), top=1, fpir=0.001).matches for one in searches] for searches in (few, fewer)
    )
    assert among_few == among_fewer
    assert all(among_few)


def test_a_look_for_duplicates_of_a_touch_compares_as_many_as_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registers_of, "EXACT_UP_TO", 59)
    filled(store, many(60))
    touch = replace(finger(0), skin=skin(window(1, 70, 80)))
    assert register(store, "exact").look_for_duplicates(touch).in_full == COMPARED_IN_FULL


def test_impressions_of_the_finger_itself_hide_no_duplicate(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registers_of, "EXACT_UP_TO", 59)
    one = finger(0)
    own = filled(store, [("A", impression(one, seed, noise=0.2)) for seed in range(DUPLICATES_IN_FULL + 10)])
    filled(store, [*many(60, 1), ("B", impression(one, 500))])
    search = register(store, "exact").look_for_duplicates(impression(one, 900), own).search()
    assert search.identification(search.compared(), top=1, fpir=0.1).candidates[0].subject == "B"


def test_a_finger_is_named_once_by_its_best_impression(store: Store) -> None:
    one, probe = finger(0), impression(finger(0), 7)
    own = filled(store, [*(("A", impression(one, seed)) for seed in range(3)), ("B", finger(1))])[:3]
    found = register(store).identify(probe, top=5, fpir=0.1)
    assert [candidate.subject for candidate in found.candidates] == ["A", "B"]
    assert found.candidates[0].score.value == 100 * max(similarity(probe, print_.template) for print_ in own)


def test_nobody_is_searched_where_nobody_is_enrolled(store: Store) -> None:
    for index in ("exact", "none"):
        assert register(store, index).identify(finger(0), top=5, fpir=0.1).searched == 0


@pytest.mark.parametrize("index", ["exact", "ivf", "none"])
def test_changes_of_others_are_taken_up_without_reading_the_rest(
    store: Store, open_again: Callable[[], Store], index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(store, many(40))
    registers, matcher = Registers(index), WITH_LISTS
    registers.current(store, matcher)  # type: ignore[arg-type]
    monkeypatch.setattr(Store, "enrolled", None)  # whoever reads everything again fails
    with open_again() as other:
        other.add("new", "unknown", finger(50))
        other.delete("S3")
        other.update("S4", rename="T4")
    searched = registers.current(store, matcher)  # type: ignore[arg-type]
    found = {
        number: searched.identify(impression(finger(number), 1), top=1, fpir=0.1).candidates[0] for number in (50, 3, 4)
    }
    assert len(searched.index) == 40
    assert (found[50].subject, found[4].subject) == ("new", "T4")
    assert not found[3].match
    assert found[3].subject != "S3"


def test_a_store_that_takes_the_place_is_read_anew(tmp_path: Path) -> None:
    registers = Registers()
    for count in (5, 3):
        with Store.open(tmp_path / str(count), key="none") as store:
            filled(store, many(count))
            assert len(registers.current(store, PLAIN).index) == count  # type: ignore[arg-type]


def test_only_references_of_the_model_are_searched(store: Store) -> None:
    registers = Registers()
    filled(store, many(3))
    store.add("other", "unknown", replace(finger(9), model_id="another"))
    assert len(registers.current(store, PLAIN).index) == 3  # type: ignore[arg-type]
    store.add("later", "unknown", replace(finger(10), model_id="another"))
    filled(store, many(1, start=20))
    assert len(registers.current(store, PLAIN).index) == 4  # type: ignore[arg-type]


def test_what_was_deleted_since_the_look_is_no_candidate(store: Store) -> None:
    filled(store, many(30))
    searched = register(store)
    store.delete("S2")
    found = searched.identify(impression(finger(2), 5), top=5, fpir=0.1)
    assert "S2" not in {one.subject for one in found.candidates}


def test_threads_share_a_register(store: Store, open_again: Callable[[], Store]) -> None:
    filled(store, many(80))
    registers, matcher = Registers("ivf"), WITH_LISTS

    def found(number: int) -> str:
        with open_again() as own:
            own.add(f"N{number}", "unknown", finger(500 + number))
            searched = registers.current(own, matcher)  # type: ignore[arg-type]
            names = [
                searched.identify(impression(finger(k), 3), top=1, fpir=0.1).candidates[0].subject
                for k in (number, 500 + number)
            ]
        return " ".join(names)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(found, range(8))) == [f"S{number} N{number}" for number in range(8)]


def test_the_error_of_an_index_is_stated_as_measured_in_a_gallery_of_that_size(store: Store) -> None:
    filled(store, many(30))

    def error(index: str, top: int = 1) -> float | None:
        return register(store, index, WITH_LISTS).identify(finger(0), top=top, fpir=0.1).preselection_error

    assert (error("exact"), error("ivf"), error("none")) == (0.01, 0.03, None)
    assert error("exact", top=30) is None  # all were compared in full
    filled(store, many(40, start=100))
    assert error("exact") == 0.02
    assert register(store, "exact").identify(finger(0), top=1, fpir=0.1).preselection_error is None


def test_an_index_that_was_set_for_another_model_need_not_be_had(store: Store) -> None:
    assert Registers("ivf").current(store, PLAIN, former=True).index.name == "exact"  # type: ignore[arg-type]


def test_each_model_has_an_index_of_its_own(store: Store) -> None:
    registers, another = Registers("exact"), MadeUp({}, model_id="another")
    filled(store, many(3))
    store.add("other", "unknown", replace(finger(9), model_id="another"))
    first = [registers.current(store, one).index for one in (PLAIN, another)]  # type: ignore[arg-type]
    assert [len(one) for one in first] == [3, 1]
    store.add("later", "unknown", replace(finger(10), model_id="another"))
    again = [registers.current(store, one).index for one in (PLAIN, another)]  # type: ignore[arg-type]
    assert [one is other for one, other in zip(first, again, strict=True)] == [True, True]
    assert [len(one) for one in again] == [3, 2]


@pytest.mark.parametrize(
    ("index", "matcher", "wrong"),
    [("ivf", PLAIN, "no codebook"), ("milvus://user:word@localhost:19530/fingers", WITH_LISTS, "no password")],
)
def test_an_index_that_cannot_be_had_is_an_error_in_one_line(
    store: Store, index: str, matcher: MadeUp, wrong: str
) -> None:
    with pytest.raises(SettingsError, match=wrong) as raised:
        register(store, index, matcher)
    assert "\n" not in str(raised.value)
