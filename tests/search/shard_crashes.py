"""Ends a process with SIGKILL while it writes an index, many times, and looks at what is left. Run as a program.

    python shard_crashes.py FOLDER ROUNDS SEED

Each round forks a child that enrolls, deletes, rotates the key now and then, and searches, so that shards are written,
merged, erased and sealed anew all the time. The parent kills it at a random moment, or at one of the moments between
two steps of writing, then opens the store and the index: everybody who is enrolled has to be found, nobody else, and
no file of the index may be left that does not count.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from shard_crowd import MATCHER, first

from fpverify.search import kept
from fpverify.search.register import Registers
from fpverify.store import Store
from fpverify.store.shards import files
from fpverify.store.shards.manifest import FILE, read_manifest
from fpverify.store.shards.seals import PURPOSE, BlockSeal
from fpverify.store.shards.shard import SUFFIX, Shard
from fpverify.testing.made_up_prints import finger

LONGEST_S = 0.4  # before the kill: some ten changes
MOMENTS = {"fsync": 8, "replace": 8, "unlink": 8, "close": 900}  # calls at which a child ends itself, at most so many


def change_forever(folder: Path, start: int, seed: int) -> None:
    source = random.Random(seed)  # noqa: S311
    if source.random() < 0.6:
        call = source.choice(list(MOMENTS))
        end_at(call, source.randint(1, MOMENTS[call]))
    registers = Registers("ivf")
    with opened(folder) as store:
        for step in range(start, start + 10_000):
            store.add(f"S{step}", "unknown", finger(step % 60))
            registers.current(store, MATCHER)  # type: ignore[arg-type]
            if step % 3 == 2 and step > start:
                store.delete(f"S{step - 1}")
            if step % 17 == 16:
                store.rotate()


def end_at(call: str, times: int) -> None:
    """Has the process killed when it makes a call the so-manieth time; `close` seals a block that is then written."""
    owner = {"fsync": files.os, "close": BlockSeal}.get(call, Path)
    original, left = getattr(owner, call), [times]

    def counted(*given: object, **named: object) -> object:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*given, **named)

    setattr(owner, call, counted)


def opened(folder: Path) -> Store:
    return Store.open(folder, key=f"file:{folder / 'key'}")


def main() -> None:
    folder, rounds, source = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))  # noqa: S311
    kept.SAVED_EVERY = 2
    with opened(folder) as store:
        store.add("first", "unknown", finger(99))
    for turn in range(rounds):
        seed, pause_s = source.randint(0, 10**6), source.uniform(0.05, LONGEST_S)
        child = os.fork()
        if child == 0:
            change_forever(folder, 10_000 * turn, seed)
            os._exit(1)
        time.sleep(pause_s)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        look(folder)
    print(f"{rounds} rounds")


def look(folder: Path) -> None:
    with opened(folder) as store:
        store.rotate()  # goes on with one that was cut off
        store.add("last", "unknown", finger(98))
        registers = Registers("ivf")
        register = registers.current(store, MATCHER)  # type: ignore[arg-type]
        assert len(register.index) == store.count(), "the index holds others than the store"
        assert first(registers, store, 99) == "first", "somebody who is enrolled is not found"
        store.delete("last")
        store.wipe()
        leftovers(folder, store)


def leftovers(folder: Path, store: Store) -> None:
    """Fails if a file of the index holds somebody who is not enrolled, or does not count."""
    ids = {int(one, 16) for one in store.record_ids()}
    for inside in (path for path in (folder / "enrollments.sqlite.index").glob("*") if path.is_dir()):
        manifest = read_manifest(inside, store.store_id, lambda key: store.vault.derived_from(key, PURPOSE))
        assert {path.name for path in inside.iterdir()} == {FILE, *(name + SUFFIX for name in manifest.shards)}
        secret = store.vault.derived_from(manifest.key_id, PURPOSE)
        assert secret is not None
        for name in manifest.shards:
            shard = Shard(inside / (name + SUFFIX), manifest.owner, secret)
            assert set(shard.content().ids.tolist()) <= ids, "somebody who was deleted is still there"


if __name__ == "__main__":
    main()
