"""When Python looks for cyclic garbage: late, and not at the end.

What a command loads at its start is no garbage, and a process that ends gives all of its memory back. Looking through
it, again and again, was a sixth of the CPU time of a verification.
"""

from __future__ import annotations

import atexit
import gc

FIRST = 200_000  # objects made and not freed before the first look; a verification makes a third of them


def look_late() -> None:
    """Puts the first look off; those after it come as usual, and none comes when Python ends."""
    atexit.register(gc.freeze)  # what is there then counts as kept
    usual = gc.get_threshold()
    if usual[0] >= FIRST:
        return

    def as_usual(phase: str, info: dict[str, int]) -> None:
        gc.callbacks.remove(as_usual)
        gc.set_threshold(*usual)

    gc.callbacks.append(as_usual)
    gc.set_threshold(FIRST, *usual[1:])
