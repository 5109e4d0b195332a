"""Batches made ahead, in processes that load no more than they need: these tests load no Keras either."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fpverify.training.prefetch import AHEAD, prefetched


def square(number: int) -> int:
    time.sleep(0.01 * (number % 3))
    return number * number


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_come_in_order_for_any_number_of_workers(workers: int) -> None:
    assert list(prefetched(square, range(12), workers=workers)) == [n * n for n in range(12)]


def test_no_more_is_made_ahead_than_the_workers_have_in_hand() -> None:
    asked: list[int] = []

    def numbers():
        for number in range(100):
            asked.append(number)
            yield number

    source = prefetched(square, numbers(), workers=2)
    next(source)
    assert len(asked) == 2 * AHEAD + 1
    source.close()


def test_workers_need_no_keras() -> None:
    rooms = "batches, prefetch, stripe_batches"
    code = f"import sys; from fpverify.training import {rooms}; print({{'keras', 'tensorflow'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"set()\n"


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(
        "import os, sys\n"
        "from fpverify.training.prefetch import prefetched\n"
        "def pid(_): return os.getpid()\n"
        "if __name__ == '__main__':\n"
        "    source = prefetched(pid, range(10**6), workers=1)\n"
        "    print(next(source), flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as parent:
        worker = int(parent.stdout.readline())
        parent.kill()
    for _ in range(100):
        if not Path(f"/proc/{worker}").exists() or "Z" in Path(f"/proc/{worker}/stat").read_text().split()[2]:
            return
        time.sleep(0.1)
    os.kill(worker, 9)
    pytest.fail("the worker outlived its parent")
