"""Adds, deletes and searches in a store with an index in shards, among other processes. Run as a program.

python shard_crowd.py FOLDER NUMBER ROUNDS
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from made_up_model import MadeUp

from fpverify.search import kept
from fpverify.search.index.codebook import FILE, Codebook, steps
from fpverify.search.register import Registers
from fpverify.store import Store
from fpverify.testing.made_up_prints import WIDTH, finger, impression

CENTRES = steps(np.random.default_rng(5).normal(size=(64, WIDTH)).astype(np.float32))
MATCHER = MadeUp({FILE: Codebook(CENTRES, "").encoded()})


def main() -> None:
    folder, number, rounds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    kept.SAVED_EVERY = 4
    registers = Registers("ivf")
    with Store.open(folder, key=f"file:{Path(folder) / 'key'}", create=False, timeout_s=60) as store:
        for turn in range(rounds):
            mine = 1000 * (number + 1) + turn
            store.add(f"S{mine}", "unknown", finger(mine))
            assert first(registers, store, mine) == f"S{mine}"
            if turn % 2:
                store.delete(f"S{mine}")
                assert first(registers, store, mine) != f"S{mine}"
            assert first(registers, store, turn) == f"S{turn}"
            if turn % 5 == 4:
                registers = Registers("ivf")


def first(registers: Registers, store: Store, number: int) -> str:
    register = registers.current(store, MATCHER)  # type: ignore[arg-type]
    return register.identify(impression(finger(number), 9), top=1, fpir=0.1).candidates[0].subject


if __name__ == "__main__":
    main()
