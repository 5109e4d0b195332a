"""What a person's files show with names for its fingers, so that it can be enrolled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fpverify.errors import EnrollmentError
from fpverify.hands import Hands
from fpverify.matching import names_for
from fpverify.vocabulary import Finger


def named_hands(hands: Hands, given: Sequence[Finger]) -> Hands:
    """The hands with the names that the caller gives to fingers which no file names.

    Args:
        hands: what files show.
        given: a name for each scan in their order, or one for all; none leaves them as they are.

    Raises:
        EnrollmentError: files name their fingers, and not so.
        ScanError: there are more names than scans, or fewer.
    """
    if hands.named:
        if given and set(given) != set(hands.fingers):
            shown = ", ".join(dict.fromkeys(hands.fingers))
            raise EnrollmentError(f"the scans name their fingers, {shown}: name none beside them")
        return hands
    names = names_for(len(hands.scans), given) or hands.fingers
    return replace(hands, scans=tuple(replace(one, finger=name) for one, name in zip(hands.scans, names, strict=True)))
