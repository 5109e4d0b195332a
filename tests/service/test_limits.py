from __future__ import annotations

import pytest

from fpverify.service.limits import Lockout, RateLimit


def test_locks_grow_and_rates_recover() -> None:
    now = [0.0]
    lockout = Lockout(after=2, for_s=10, clock=lambda: now[0])
    for expected in (0, 10, 20, 40):
        lockout.note("A", match=False)
        assert lockout.wait_s("A") == expected
    for _ in range(60):
        lockout.note("A", match=False)
    assert lockout.wait_s("A") == Lockout.LONGEST_S
    now[0] += Lockout.LONGEST_S
    assert lockout.wait_s("A") == 0
    lockout.note("A", match=True)
    lockout.note("A", match=False)
    assert lockout.wait_s("A") == 0
    rate = RateLimit(600, clock=lambda: now[0])
    assert [rate.wait_s("k") for _ in range(60)] == [0] * 60
    assert rate.wait_s("k") == pytest.approx(0.1)
    assert rate.wait_s("other") == 0
    now[0] += 0.1
    assert rate.wait_s("k") == 0
