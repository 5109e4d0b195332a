"""Several probes of one person against all that is enrolled; a print is a random direction, and so resembles nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from fpverify.comparison import Calibration, prepare_template, similarities
from fpverify.matching import Matcher, Matchers, Presentation, Probes
from fpverify.models import Bundle, Card
from fpverify.search.enrolled import Enrolled
from fpverify.search.persons import MOST_COMPLETED, proposed
from fpverify.search.register import Registers
from fpverify.store import Store
from fpverify.vocabulary import Minutiae, Scan, Template

NONE = Minutiae(*(np.zeros(0, np.float32) for _ in range(4)))
FINGERS = ("right-index", "left-index")
Filled = Callable[..., Enrolled]
Presented = Callable[..., Probes]
SIZE = 24  # of a vector: strangers' cosines then spread by 0.2


def directions(count: int, seed: int) -> list[Template]:
    vectors = np.random.default_rng(seed).normal(size=(count, SIZE)).astype(np.float32)
    return [Template("m", 1.0, NONE, np.zeros((0, 0), np.int8), one / np.linalg.norm(one)) for one in vectors]


def near(template: Template, share: float, seed: int) -> Template:
    """A template whose cosine with another is about `share`."""
    assert template.vector is not None
    vector = share * template.vector + np.sqrt(1 - share**2) * directions(1, seed)[0].vector
    return Template("m", 1.0, NONE, template.descriptors, vector / np.linalg.norm(vector))


class NoExtractor:
    def extract(self, scan: Scan) -> Template:
        raise AssertionError

    acquire = extract  # type: ignore[assignment]


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    one, others = directions(200, 1), [prepare_template(each) for each in directions(200, 2)]
    calibration = Calibration.fit(np.concatenate([similarities(probe, others) for probe in one]))
    card = Card("m", "whole-print", "2026-01-01", {}, calibration=calibration.to_dict())
    return Matcher(Bundle(Path("m"), card), NoExtractor())  # type: ignore[arg-type]


@pytest.fixture
def register(tmp_path: Path, matcher: Matcher) -> Iterator[Filled]:
    """The register of subjects 0, 1, ... with some impressions each, in turn of the two fingers."""
    with Store.open(tmp_path, key="none") as store:

        def filled(templates: list[Template], each: int = 2) -> Enrolled:
            for k, one in enumerate(templates):
                store.add(f"{k // each}", FINGERS[k % each % 2], one)
            return Enrolled.current(Registers("none"), store, Matchers(matcher))

        yield filled


@pytest.fixture
def presented(matcher: Matcher) -> Presented:
    def of(*probes: Template) -> Probes:
        groups = tuple((k,) for k in range(len(probes)))
        made = Presentation(tuple(f"{k}" for k in range(len(probes))), probes, None, groups)
        return Probes.of_presentation(matcher, made)

    return of


@pytest.mark.slow
def test_strangers_match_somebody_at_the_rate_of_the_whole_search(register: Filled, presented: Presented) -> None:
    searched, probes = register(directions(20, 3)), directions(400, 4)
    matches = sum(
        bool(searched.identify(presented(*probes[k : k + 2]), top=1, fpir=0.1)) for k in range(0, len(probes), 2)
    )
    assert 0.04 <= matches / 200 <= 0.1 + 3 * np.sqrt(0.1 / 200)


def test_whoever_one_probe_proposes_is_compared_with_all(register: Filled, presented: Presented) -> None:
    """The second probe alone resembles many others more."""
    templates = directions(400, 5)
    probes = near(templates[20], 0.95, 6), near(templates[21], 0.3, 12)
    searched = register(templates)
    first, second = (set(proposed(searched, presented(one))) for one in probes)
    assert ("10" in first, "10" in second) == (True, False)
    found = searched.identify(presented(*probes), top=3, fpir=0.01)
    assert (found.candidates[0].subject, found.candidates[0].match) == ("10", True)
    assert [one.finger for one in found.candidates[0].probes] == list(FINGERS)
    alone = searched.identify(presented(probes[0], directions(1, 8)[0]), top=3, fpir=0.01)
    assert found.candidates[0].score.value > alone.candidates[0].score.value


def test_no_probe_is_compared_with_more_than_forty(
    register: Filled, presented: Presented, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched = register(directions(400, 9))
    asked = []
    scores = Matcher.scores
    monkeypatch.setattr(
        Matcher,
        "scores",
        lambda self, probe, references: asked.append(len(references)) or scores(self, probe, references),
    )
    searched.identify(presented(*directions(2, 10)), top=5, fpir=0.01)
    assert sum(asked) <= 2 * MOST_COMPLETED


def test_somebody_with_many_impressions_is_still_compared(register: Filled, presented: Presented) -> None:
    templates = directions(30, 11)
    searched = register(templates, each=30)
    found = searched.identify(presented(near(templates[0], 0.99, 1), templates[5]), top=1, fpir=0.01)
    assert [each.subject for each in found.matches] == ["0"]


def test_a_store_that_is_emptied_meanwhile_has_nobody(register: Filled, presented: Presented) -> None:
    templates = directions(2, 13)
    searched = register(templates)
    searched.store.delete("0")
    assert not searched.identify(presented(*templates), top=1, fpir=0.01).candidates
