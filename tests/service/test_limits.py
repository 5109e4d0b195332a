from __future__ import annotations

import pytest

from fpverify.service.limits import DAY_S, Limits, RateLimit, TryLimit
from fpverify.store.tries import Tried


def tried(limit: TryLimit, *moments: float) -> Tried:
    count = Tried()
    for now in moments:
        count = limit.noted(count, now)
    return count


def test_locks_double_up_to_a_day_and_get_shorter_again_when_it_was_calm() -> None:
    limit = TryLimit(((2, 1000 * DAY_S),), calm_s=3600, first_s=10)
    count, now, waits = Tried(), 0.0, []
    for _ in range(60):
        count = limit.noted(count, now)
        waits.append(limit.wait_s(count, now))
        now += limit.wait_s(count, now)
    assert waits[:5] == [0, 10, 20, 40, 80]
    assert waits[-1] == DAY_S
    assert limit.wait_s(limit.noted(count, now + 3 * 3600), now + 3 * 3600) == DAY_S  # 57 locks are many
    assert limit.wait_s(limit.noted(count, now + 58 * 3600), now + 58 * 3600) == 20


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
    assert tried(limit, *moments).locks == 11


def test_a_clock_that_was_wrong_locks_nobody_for_longer_than_a_day() -> None:
    limit = TryLimit(((1, 60),), calm_s=3600)
    assert limit.wait_s(tried(limit, 1e12), 0) == DAY_S


def test_rates_recover() -> None:
    now = [0.0]
    rate = RateLimit(600, clock=lambda: now[0])
    assert [rate.wait_s("k") for _ in range(60)] == [0] * 60
    assert rate.wait_s("k") == pytest.approx(0.1)
    assert rate.wait_s("other") == 0
    now[0] += 0.1
    assert rate.wait_s("k") == 0
