"""Adds, deletes and searches in a store with an index in Milvus, among other processes. Run as a program.

python milvus_crowd.py FOLDER URL NUMBER ROUNDS
"""

from __future__ import annotations

import sys

from made_up_model import PLAIN

from fpverify.search.register import Registers
from fpverify.store import Store
from fpverify.testing.made_up_prints import finger, impression


def main() -> None:
    folder, url, number, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    registers = Registers(url)
    with Store.open(folder, key="none", create=False, timeout_s=60) as store:
        for turn in range(rounds):
            mine = 1000 * (number + 1) + turn
            store.add(f"S{mine}", "unknown", finger(mine))
            found = registers.current(store, PLAIN).identify(impression(finger(mine), 1), top=1, fpir=0.1)
            assert found.candidates[0].subject == f"S{mine}", found
            if turn % 2:
                store.delete(f"S{mine}")
                gone = registers.current(store, PLAIN).identify(impression(finger(mine), 1), top=1, fpir=0.1)
                assert not [one for one in gone.candidates if one.subject == f"S{mine}"], gone
            shared = registers.current(store, PLAIN).identify(impression(finger(turn), 2), top=1, fpir=0.1)
            assert shared.candidates[0].subject == f"S{turn}", shared


if __name__ == "__main__":
    main()
