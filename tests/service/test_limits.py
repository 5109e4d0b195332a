from __future__ import annotations

import pytest

from fpverify.service.limits import DAY_S, LONGEST_S, Limits, RateLimit, TryLimit
from fpverify.store.tries import Tried


def tried(limit: TryLimit, *moments: float) -> Tried:
    count = Tried()
    for now in moments:
        count = limit.noted(count, now)
    return count


def test_locks_double_up_to_an_hour_and_get_shorter_again_when_it_was_calm() -> None:
    limit = TryLimit(((2, 1000 * DAY_S),), calm_s=7200, first_s=60)
    count, now, waits = Tried(), 0.0, []
    for _ in range(20):
        count = limit.noted(count, now)
        waits.append(limit.wait_s(count, now))
        now += limit.wait_s(count, now)
    assert waits[:5] == [0, 60, 120, 240, 480]
    assert waits[-1] == LONGEST_S
    for hours, wait_s in ((1, LONGEST_S), (3, LONGEST_S), (5, 1920), (13, 120), (100, 60)):
        later = now + 3600 * hours
        assert limit.wait_s(limit.noted(count, later), later) == wait_s


def test_what_is_left_up_to_the_next_lock() -> None:
    limit = TryLimit(((3, 60), (5, 1000)), calm_s=3600)
    assert limit.room(Tried(), 0) == 3
    assert limit.room(tried(limit, 0, 10), 20) == 1
    assert limit.room(tried(limit, 0, 10), 100) == 3
    assert limit.room(tried(limit, 0, 10, 100, 200), 300) == 1


def test_only_what_came_together_counts() -> None:
    limit = TryLimit(((3, 60),), calm_s=3600)
    assert tried(limit, 0, 50, 70).until_s == 0
    assert tried(limit, 0, 50, 59).until_s == 59 + 60
    assert tried(limit, 0, 50, 59, 60).locks == 2
    assert len(tried(limit, *range(50)).latest_s) == 3


def test_the_patient_are_locked_by_the_day() -> None:
    limit = Limits().identifying
    moments = [151.0 * k for k in range(60)]
    assert tried(limit, *moments[:49]).locks == 0
    assert tried(limit, *moments[:50]).locks == 1


def test_a_clock_that_was_wrong_locks_nobody_for_longer_than_an_hour() -> None:
    limit = TryLimit(((1, 60),), calm_s=3600)
    assert limit.wait_s(tried(limit, 1e12), 0) == LONGEST_S


def test_rates_recover() -> None:
    now = [0.0]
    rate = RateLimit(600, clock=lambda: now[0])
    assert [rate.wait_s("k") for _ in range(60)] == [0] * 60
    assert rate.wait_s("k") == pytest.approx(0.1)
    assert rate.wait_s("other") == 0
    now[0] += 0.1
    assert rate.wait_s("k") == 0
