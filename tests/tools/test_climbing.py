"""Pictures that climb towards a score."""

from __future__ import annotations

import numpy as np
import pytest
from tool_modules import tool

from fpverify.vocabulary import ByteArray

climbing = tool("climbing")


def dark_on_the_left(pixels: ByteArray) -> float:
    """Any picture has less than 50."""
    return float(50 - pixels[:, :20].mean() / 255)


def test_a_climb_keeps_what_is_no_worse_and_rises() -> None:
    best = climbing.climbed(dark_on_the_left, 300, np.random.default_rng(1))
    assert len(best) == 300
    assert best == sorted(best)
    drawn = max(dark_on_the_left(climbing.Grating.drawn(np.random.default_rng(k)).pixels()) for k in range(60))
    assert best[-1] > drawn


def test_it_ends_at_the_last_line_and_bears_refusals() -> None:
    answers = iter([-np.inf, 12.0, -np.inf, 51.0, 0.0])
    assert climbing.climbed(lambda _: next(answers), 300, np.random.default_rng(1)) == [-np.inf, 12, 12, 51]


def test_a_grating_is_a_picture_with_lines_that_end() -> None:
    one = climbing.Grating.drawn(np.random.default_rng(2))
    assert one.pixels().shape == climbing.SHAPE
    plain = climbing.Grating(one.lines, one.ends[:1])
    assert np.mean(plain.pixels() != one.pixels()) > 0.5
    assert 12 <= len(one.ends) < 40


def test_wear_is_the_pictures_own_and_changes_a_little() -> None:
    rng = np.random.default_rng(4)
    worn = climbing.Grating.drawn(rng, worn=True)
    np.testing.assert_array_equal(worn.pixels(), worn.pixels())
    assert np.mean(worn.pixels() != climbing.Grating(worn.lines, worn.ends).pixels()) > 0.5
    changes = [worn.changed(rng).wear for _ in range(60)]
    assert 1 < len({one.tobytes() for one in changes}) < 30
    assert all((one >= climbing.LEAST_WEAR).all() and (one <= climbing.MOST_WEAR).all() for one in changes)


def test_a_table_is_printed(release_model: str, capsys: pytest.CaptureFixture[str]) -> None:
    climbing.main(["--targets", "1", "--tries", "3", "--model", release_model])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == release_model
    assert lines[4] == "| synthetic 1 |  |  |  | always refused |"
    assert lines[-1].startswith("50: 0 of 1 climbs; by as many unrelated prints 0.0")
