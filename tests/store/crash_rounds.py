"""Ends a process that changes a store with SIGKILL, many times, and looks at what is left. Run as a program.

    python crash_rounds.py FOLDER|URL ROUNDS SEED [large]

Each round forks a child that opens the store, adds impressions, learns another one of every third subject, forgets some
of these, deletes every fourth subject, rotates the key after every seventh, and acknowledges each change over a pipe.
The parent kills it at a random moment, then opens the store:
it has to be whole and what its audit trail says, and to hold what was acknowledged; the one change under way may be
there or not. Every fifth round begins with no store at all, where that is a folder. With `large` every store counts as
a large one, whose files are rewritten now and then only.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time

from conftest import random_template

from fpverify.errors import NotEnrolled
from fpverify.store import Store, encode_template, wiping
from fpverify.store.inspection import inspect

TEMPLATES = [random_template(seed, minutiae=40) for seed in range(4)]
MOST_CHANGES = 5  # waited for before the kill
LONGEST_PAUSE_S = 0.03  # between the last of them and the kill: about one more change


def change_forever(location: str, first: int, acknowledge: int) -> None:
    with Store.open(location) as store:
        for step in range(first, first + 10_000):
            store.add(f"subject-{step}", "right-index", TEMPLATES[step % 4])
            os.write(acknowledge, f"+{step}\n".encode())
            if step % 3 == 0:
                learn(store, step)
                os.write(acknowledge, f"*{step}\n".encode())
            if step % 6 == 5 and store.has(f"subject-{step - 2}"):
                store.forget(f"subject-{step - 2}")
                os.write(acknowledge, f"/{step - 2}\n".encode())
            if step % 4 == 3:
                store.delete(f"subject-{step - 1}")
                os.write(acknowledge, f"-{step - 1}\n".encode())
            if step % 7 == 6:
                store.rotate()


def learn(store: Store, step: int) -> None:
    like = store.references(f"subject-{step}")
    store.learn(f"subject-{step}", "right-index", TEMPLATES[(step + 1) % 4], like=like, score=50)


def killed_child(location: str, first: int, changes: int, pause_s: float) -> list[str]:
    """What the child acknowledged; it is killed a little after it acknowledged so many changes."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        change_forever(location, first, writing)
        os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        acknowledged = [pipe.readline().strip() for _ in range(changes)]
        time.sleep(pause_s)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return acknowledged + pipe.read().split()


def stands(store: Store, step: int) -> bool:
    """Whether the subject is enrolled, with its own template."""
    try:
        (reference,) = (one for one in store.references(f"subject-{step}") if not one.learnt)
    except NotEnrolled:
        return False
    return encode_template(reference.template) == encode_template(TEMPLATES[step % 4])


def learnt(store: Store, step: int) -> bool:
    """Whether an impression of the subject was learnt, the right one."""
    found = [encode_template(one.template) for one in store.references(f"subject-{step}") if one.learnt]
    assert found in ([], [encode_template(TEMPLATES[(step + 1) % 4])]), "what nobody learnt, or half of it"
    return bool(found)


def under_way(acknowledged: list[str], first: int) -> set[int]:
    """The subjects that the change which was cut off may have touched: the next to be added or deleted."""
    if not acknowledged:
        return {first}
    last = max(int(line[1:]) for line in acknowledged)
    return {last + 1, last - 1} if last % 4 == 3 else {last + 1}


def main() -> None:
    location, rounds = sys.argv[1], int(sys.argv[2])
    wiping.SMALL_BYTES = 0 if sys.argv[4:] == ["large"] else wiping.SMALL_BYTES
    is_folder = "://" not in location
    location = f"{location}/db" if is_folder else location
    source = random.Random(int(sys.argv[3]))  # noqa: S311
    alive: set[int] = set()
    gone: set[int] = set()
    changes = 0
    for turn in range(rounds):
        first = 1000 * turn
        if turn % 5 == 0 and is_folder:
            shutil.rmtree(location, ignore_errors=True)
            alive, gone = set(), set()
        acknowledged = killed_child(
            location, first, source.randint(0, MOST_CHANGES), source.uniform(0, LONGEST_PAUSE_S)
        )
        changes += len(acknowledged)
        alive |= {int(line[1:]) for line in acknowledged if line[0] == "+"}
        gone |= {int(line[1:]) for line in acknowledged if line[0] == "-"}
        alive -= gone
        open_to_doubt = under_way(acknowledged, first) - gone
        with Store.open(location) as store:
            store.check()
            assert inspect(store).findings == (), "the audit trail says something else"
            assert all(stands(store, step) for step in alive - open_to_doubt), "an acknowledged impression is lost"
            assert not any(stands(store, step) for step in gone), "an acknowledged deletion is undone"
            told = {kind: {int(line[1:]) for line in acknowledged if line[0] == kind} for kind in "*/"}
            last = max((int(line[1:]) for line in acknowledged), default=first)
            sure = {step for step in told["*"] | told["/"] if step in alive and step < last - 2}
            assert all(learnt(store, step) == (step not in told["/"]) for step in sure), (
                "learning or forgetting is lost"
            )
            alive = {step for step in alive | open_to_doubt if stands(store, step)}
            names = {row.subject for row in store.subjects()}
            assert names == {f"subject-{step}" for step in alive}, "a subject nobody enrolled, or half of one"
    print(f"{rounds} rounds, {changes} acknowledged changes")


if __name__ == "__main__":
    main()
