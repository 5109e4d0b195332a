"""The tool that measures what a search misses and finds wrongly."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from made_up_prints import finger, impression
from tool_modules import tool

from fpverify.comparison import similarities
from fpverify.search.index.exact import ExactIndex
from fpverify.vocabulary import Score


@pytest.fixture
def errors() -> ModuleType:
    return tool("search_errors")


def made(number: int, which: int, missing: float = 0.1) -> SimpleNamespace:
    template = finger(number) if which == 1 else impression(finger(number), 10 * number + which, missing=missing)
    return SimpleNamespace(finger=number, impression=which, template=template)


def gallery_of(errors: ModuleType, references: list[object], in_full: int = 3) -> object:
    index = ExactIndex()
    index.add(range(len(references)), references)
    matcher = SimpleNamespace(raw_scores=similarities, calibrated=lambda raw: [Score(100 * float(one)) for one in raw])
    return errors.Gallery(matcher, references, index, in_full)


def test_first_impressions_are_enrolled_and_others_are_probes(errors: ModuleType) -> None:
    cache = [made(0, 1), made(0, 2), made(0, 3), made(1, 1), made(5, 1), made(6, 1)]
    cache.insert(3, SimpleNamespace(finger=0, impression=3, template=None))
    real = [("set/1", True, finger(50)), ("set/1", False, finger(51)), ("set/2", True, finger(52))]
    references, probes, failed = errors.collected(cache, real, size=2)
    assert (len(references), failed) == (4, 1)
    assert [(one.kind, one.own, one.mated) for one in probes] == [
        ("synthetic, ordinary", 0, True), ("synthetic, hard", 0, True),
        ("synthetic, ordinary", -1, False), ("synthetic, ordinary", -1, False), ("real", 2, True),
    ]  # fmt: skip


def test_where_strangers_are_too_few_own_fingers_are_left_out(errors: ModuleType) -> None:
    probes = errors.collected([made(0, 1), made(0, 2), made(1, 1), made(1, 2), made(2, 1)], [], size=2)[1]
    chosen = list(errors.enough(probes, 2))
    assert [(one.own, one.mated) for one in chosen] == [(0, True), (1, True), (-1, False), (0, False)]
    assert len(list(errors.enough(probes, 1))) == 3


def test_a_mate_is_found_and_is_no_false_match_of_its_own(errors: ModuleType) -> None:
    references = [finger(number) for number in range(150)]
    gallery = gallery_of(errors, references)
    probe = impression(references[7], 1)
    mated = gallery.outcome(errors.Probe("real", probe, 7, mated=True))
    left_out = gallery.outcome(errors.Probe("real", probe, 7, mated=False))
    assert mated.rank == 0
    assert mated.mate > 20
    assert mated.best < 5
    assert (left_out.mate, left_out.rank) == (-math.inf, max(errors.SHORT_LISTS))
    assert left_out.best < 5


def test_a_mate_that_is_not_proposed_is_missed_though_its_score_is_high(errors: ModuleType) -> None:
    low, high = errors.joint_threshold(0.01, 100) - 1, errors.joint_threshold(0.001, 100) + 1
    found = [errors.Outcome(0, high, high), errors.Outcome(0, low, low), errors.Outcome(30, high, low)]
    cells = errors.fnir_table({"all": found}, 100, 20)[-1].split("|")[3:]
    assert [cell.split()[0] for cell in cells[:4]] == ["33.33", "66.67", "33.33", "66.67"]
    missed = errors.missed_table({"all": found})[-1].split("|")[3:]
    assert [cell.split()[0] for cell in missed[:5]] == ["33.33", "33.33", "33.33", "0.00", "0.00"]


def test_the_interval_is_wilsons(errors: ModuleType) -> None:
    low, high = errors.wilson(10, 100).low, errors.wilson(10, 100).high
    assert (round(low, 4), round(high, 4)) == (
        0.0552,
        0.1744,
    )  # Newcombe, Statistics in Medicine 17, 1998, has the form
    assert errors.wilson(0, 50).low == 0
    assert errors.wilson(0, 50).high == pytest.approx(1.959964**2 / (50 + 1.959964**2))
    assert (errors.wilson(0, 0).low, errors.wilson(0, 0).high) == (0, 1)


@pytest.mark.slow
def test_it_runs_and_keeps_the_error_beside_the_card(
    errors: ModuleType,
    release_model: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept: list[dict[str, bytes]] = []
    monkeypatch.setattr(errors, "write_search_files", lambda _, files: kept.append(files))
    gallery = tool("gallery")
    monkeypatch.setattr(gallery, "BLOCK", 2)
    assert gallery.main([str(tmp_path), "--fingers", "8"]) == 0
    words = [str(tmp_path), "--gallery", "6", "--outsiders", "3", "--index", "exact", "--workers", "1", "--write"]
    assert errors.main(words) == 0
    text = capsys.readouterr().out
    assert "6 references, 20 of them compared in full, 4 mated probes, 3 of nobody enrolled" in text
    assert '"shortlist": 20' in kept[0]["preselection.json"].decode()


def test_a_person_is_two_fingers_and_strangers_are_put_together_anew(errors: ModuleType) -> None:
    cache = [made(number, which) for number in range(6) for which in (1, 2)] + [made(8, 1), made(9, 1), made(11, 1)]
    impressions = list(errors.shown(cache, [("set/1", True, finger(50)), ("set/1", False, finger(51))], size=6))
    references = errors.enrolled(impressions)
    assert [(one.subject, one.finger) for one in references] == [
        ("0", "right-index"), ("-1", "left-index"), ("1", "right-index"), ("0", "left-index"),
        ("2", "right-index"), ("1", "left-index"), ("real 0", "right-index"),
    ]  # fmt: skip
    probes = list(errors.person_probes(impressions))
    assert [(one.person, one.mated) for one in probes] == [
        ("0", True), ("1", True), ("", False), ("", False), ("0", False), ("1", False)
    ]  # fmt: skip
    assert [one.templates for one in probes[:1]] == [(cache[1].template, cache[7].template)]
    assert {one.templates[0] for one in probes[2:4]} == {cache[12].template}
    assert len({one.templates[1] for one in probes[2:4]}) == 2


def test_a_person_who_is_left_out_is_not_found(errors: ModuleType, release_model: str) -> None:
    matcher = errors.Matcher.load(release_model)
    cache = [made(number, which) for number in range(40) for which in (1, 2)]
    for one in cache:
        one.template = replace(one.template, model_id=matcher.model_id)
    impressions = list(errors.shown(cache, [], size=40))
    references = errors.enrolled(impressions)
    index = ExactIndex()
    index.add(range(len(references)), [one.template for one in references])
    people = errors.People.of_references(matcher, references, index)
    mated, left_out = (
        next(one for one in errors.person_probes(impressions) if one.mated == own) for own in (True, False)
    )
    listed, mate, best = people.search(mated)
    assert listed
    assert mate > 60 > best
    assert people.search(left_out)[:2] == (False, -math.inf)
