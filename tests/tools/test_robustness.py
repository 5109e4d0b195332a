"""Prints changed in known ways."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import scan_changes
from PIL import Image
from tool_modules import tool

from fpverify.errors import FailureToAcquire
from fpverify.evaluation.rates.paired import eer_difference
from fpverify.evaluation.runner import Runner
from fpverify.evaluation.sets.protocol import finger_comparisons
from fpverify.scans import read_scan
from fpverify.synthesis.stripes import write_stripes
from fpverify.vocabulary import Evaluation

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def robustness() -> ModuleType:
    return tool("robustness")


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sets")
    for number, name in enumerate(("first", "second")):
        write_stripes(folder / name, count=3, shift_px=(0, 11), noise=(0.0, 0.05), seed=number)
    return folder


def test_the_share_of_a_cut_that_the_mate_shows(robustness: ModuleType, release_model: str, tmp_path: Path) -> None:
    """A copy shows all of every cut, its left half the part that lies there."""
    from fpverify.matching import Matcher
    from fpverify.synthesis.dataset import synthesise

    matcher = Matcher.load(release_model)
    scan, another = (made.scan for made in synthesise(2, 1, seed=91))
    half = np.where(np.arange(scan.pixels.shape[1]) < scan.pixels.shape[1] // 2, scan.pixels, np.uint8(255))
    (tmp_path / "one").mkdir()
    images = {"1_1": scan.pixels, "1_2": scan.pixels, "1_3": half, "2_1": another.pixels}
    for name, pixels in images.items():
        Image.fromarray(pixels).save(tmp_path / "one" / f"{name}.png")
    prints, plan = robustness.joined(tmp_path, 500.0)
    probe, reference = plan.comparisons.probe, plan.comparisons.reference
    shares = robustness.shares_in_common(matcher, prints, plan)
    assert shares[(probe == 1) & (reference == 0)] > 0.85  # a cut has up to a tenth of background
    foreground = matcher.acquire(scan).foreground
    top, left = scan_changes.place_within(foreground, np.random.default_rng([robustness.SEED, 0]))
    side = round(scan_changes.PARTIAL_MM * scan_changes.CELL_PER_MM)
    seen = foreground[top : top + side, left : left + side] & (np.arange(left, left + side) < foreground.shape[1] // 2)
    assert shares[(probe == 0) & (reference == 2)] == pytest.approx(seen.mean(), abs=0.08)


def test_pairs_that_share_too_little_are_left_out(
    robustness: ModuleType, sets: Path, edges_model: Path, tmp_path: Path
) -> None:
    prints, plan = robustness.joined(sets, 500.0)
    done = robustness.evaluated(Runner(model=edges_model, workers=1), plan, prints, prints)
    mated = np.flatnonzero(done.mated)
    shares = np.ones(len(done.mated))
    shares[mated[0]], shares[mated[1]] = 0.3, 0.1
    quarter, half = robustness.rows_in_common(done, shares)
    for left, line in ((1, quarter), (2, half)):
        assert f"the {100 * (len(mated) - left) / len(mated):.1f} %" in line
    assert quarter.count("|") == half.count("|") == len(robustness.HEADS) + 1
    *_, none = robustness.rows_in_common(done, np.where(done.mated, 0.0, 1.0))
    assert none.startswith("| the 0.0 % of these")
    assert not none.split("|")[2].strip()


def test_only_probes_are_changed_and_each_stays_out_of_pairs_with_itself(
    robustness: ModuleType, sets: Path, edges_model: Path, tmp_path: Path
) -> None:
    prints, plan = robustness.joined(sets, 500.0)
    assert len(prints) == len(plan.scans) == 12
    assert len(plan.comparisons) == 2 * 15
    assert {name.split("/")[0] for name in plan.fingers} == {"first", "second"}
    pairs = zip(plan.comparisons.probe, plan.comparisons.reference, strict=True)
    assert all(prints[a].name.split("/")[0] == prints[b].name.split("/")[0] and a != b for a, b in pairs)
    runner = Runner(model=edges_model, workers=1)
    as_they_are = robustness.evaluated(runner, plan, prints, prints)
    condition = robustness.Condition("turned", scan_changes.turned_by(90))
    with robustness.changed(prints, condition, tmp_path) as copies:
        done = robustness.evaluated(runner, plan, copies, prints)
        both = robustness.evaluated(runner, plan, copies, copies)
    assert not list(tmp_path.iterdir())
    assert robustness.mean_eer(as_they_are) == 0
    assert robustness.mean_eer(done) == 1  # vertical stripes are horizontal now, and only on one side
    assert robustness.mean_eer(both) == 0
    assert eer_difference(done, as_they_are).value == 1
    assert done.scans == as_they_are.scans


def test_every_print_is_the_probe_in_half_of_its_pairs(robustness: ModuleType) -> None:
    pairs = finger_comparisons([str(number // 4) for number in range(12)])
    turned = robustness.probes_in_turn(pairs)
    for kind in (turned.mated, ~turned.mated):
        probes, references = (np.bincount(side[kind], minlength=12) for side in (turned.probe, turned.reference))
        assert np.abs(probes - references).max() <= 1
    both_ways = [{frozenset(pair) for pair in zip(p.probe, p.reference, strict=True)} for p in (pairs, turned)]
    assert both_ways[0] == both_ways[1]


def test_random_changes_are_drawn_several_times(robustness: ModuleType, sets: Path, tmp_path: Path) -> None:
    prints, plan = robustness.joined(sets, 500.0)
    assert robustness.repeated(prints, plan, 1) == (prints, plan)
    copies, many = robustness.repeated(prints, plan, 3)
    assert [one.path for one in copies] == [one.path for one in prints] * 3
    assert len(set(many.scans)) == 3 * len(prints)
    assert many.fingers == plan.fingers * 3
    assert (many.comparisons.probe // len(prints) == many.comparisons.reference // len(prints)).all()
    assert (many.comparisons.probe % len(prints) == np.tile(plan.comparisons.probe, 3)).all()
    assert (many.comparisons.reference % len(prints) == np.tile(plan.comparisons.reference, 3)).all()
    assert (many.comparisons.mated == np.tile(plan.comparisons.mated, 3)).all()
    noise = robustness.Condition(
        "noise", lambda scan, rng: replace(scan, pixels=rng.integers(0, 256, (200, 200), np.uint8))
    )
    with robustness.changed(copies, noise, tmp_path) as changed:
        assert len({one.path.read_bytes() for one in changed}) == len(copies)


def test_only_places_are_drawn_several_times(robustness: ModuleType, release_model: str) -> None:
    several = {one.name: one.draws for one in robustness.conditions(release_model) if one.draws > 1}
    assert several == {robustness.ANYWHERE: robustness.PLACES}


def test_copies_state_no_resolution_of_their_own(robustness: ModuleType, sets: Path, tmp_path: Path) -> None:
    prints, _ = robustness.joined(sets, 500.0)
    condition = robustness.Condition("copies", scan_changes.resampled_to(250), both=True, stated=False)
    with robustness.changed(prints[:1], condition, tmp_path) as copies:
        assert copies[0].ppi is None
        with Image.open(copies[0].path) as picture:
            assert "dpi" not in picture.info
    with robustness.changed(prints[:1], replace(condition, stated=True), tmp_path) as copies:
        assert read_scan(copies[0].path, ppi=copies[0].ppi).ppi == 250
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8)
    drowned = replace(condition, change=lambda scan, _: replace(scan, pixels=noise))
    with robustness.changed(prints[:1], drowned, tmp_path) as copies, pytest.raises(FailureToAcquire):
        read_scan(copies[0].path, ppi=copies[0].ppi)


def test_a_line_has_the_sets_mean_the_pool_and_failures(robustness: ModuleType) -> None:
    fingers = ("a/1", "a/1", "a/2", "b/1", "b/1", "b/2")
    probe, reference = np.array([[0, 1], [0, 2], [3, 4], [3, 5]], np.int32).T
    done = Evaluation(
        fingers, fingers, probe, reference, np.array([True, False] * 2), np.array([30.0, 10.0, 0.0, 20.0]), "both",
        "dense", "", "m", {"b/2": "blank"},
    )  # fmt: skip
    cells = [cell.strip() for cell in robustness.row("turned", done).strip("|").split("|")]
    assert len(cells) == len(robustness.HEADS)
    assert cells[:3] == ["turned", "50.00", "50.00"]
    assert cells[-1] == f"{100 / 6:.2f}"


def test_skin_has_a_line_for_every_size_and_for_both_prints(robustness: ModuleType, release_model: str) -> None:
    from fpverify.matching import Matcher

    named = {one.name: one for one in robustness.skin_conditions(Matcher.load(release_model))}
    for angle in (5, 10, 20):
        assert f"twisted by {angle} degrees" in named
    for far in (1, 2, 3):
        assert f"pushed by {far} mm" in named
    assert set(robustness.WETNESS) < set(named)
    assert {name for name, one in named.items() if one.both} == {name for name in named if name.startswith("both")}
    assert sum("one side alone" in name for name in named) == 1


def test_a_line_about_skin_has_rates_at_the_threshold_and_the_highest_non_mated_score(
    robustness: ModuleType, release_model: str
) -> None:
    from fpverify.matching import Matcher

    point = Matcher.load(release_model).operating_point(0.001)
    fingers = ("1", "1", "2", "2", "3", "3")
    pairs = finger_comparisons(list(fingers))
    scores = np.where(pairs.mated, [50.0], [5.0])
    scores[np.flatnonzero(pairs.mated)[0]] = point.threshold - 1
    scores[np.flatnonzero(~pairs.mated)[0]] = point.threshold + 1
    done = Evaluation(
        fingers, fingers, pairs.probe, pairs.reference, pairs.mated, scores, "one", "dense", "", "m", {}
    )  # fmt: skip
    cells = [cell.strip() for cell in robustness.skin_row("wet", done, point).strip("|").split("|")]
    assert len(cells) == len(robustness.SKIN_HEADS)
    assert (cells[0], cells[3], cells[5], cells[-1]) == ("wet", "33.33", f"{point.threshold + 1:.1f}", "0.00")
    assert cells[4] == f"{100 / 12:.3f}"


def test_the_table_of_skin_begins_with_prints_as_they_are(
    robustness: ModuleType, release_model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert robustness.main(["--synthetic", "--fingers", "2", "--workers", "1", "--skin", "--only", "pushed by 3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:4]] == ["as they are", "pushed by 3 mm"]


def test_the_table_has_a_line_for_each_condition(
    robustness: ModuleType, release_model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert robustness.main(["--synthetic", "--fingers", "2", "--workers", "1", "--only", "90"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["as they are", "turned by 90 degrees"]


def test_cuts_anywhere_have_a_line_of_their_own_and_two_of_those_that_the_mate_shows(
    robustness: ModuleType, release_model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert robustness.main(["--synthetic", "--fingers", "2", "--workers", "1", "--only", "anywhere"]) == 0
    names = [line.split("|")[1].strip() for line in capsys.readouterr().out.splitlines()[2:]]
    assert names[:2] == ["as they are", robustness.ANYWHERE]
    assert all(name.endswith(f"mate shows {share} %") for name, share in zip(names[2:], (25, 50), strict=True))
