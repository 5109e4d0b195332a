"""Where enrolled fingers are kept: the binary form of a template, and the database of references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fpverify.store.changes import Changes, Point
from fpverify.store.database import Store
from fpverify.store.fingers import FINGER_CODES, UNKNOWN_FINGER
from fpverify.store.location import DEFAULT_FOLDER
from fpverify.store.subject_ids import subject_id
from fpverify.store.template_format import decode_template, encode_template
from fpverify.store.wiping import Unwiped

if TYPE_CHECKING:
    from fpverify.store.summary import FingerSummary

__all__ = [
    "DEFAULT_FOLDER",
    "FINGER_CODES",
    "UNKNOWN_FINGER",
    "Changes",
    "FingerSummary",
    "Point",
    "Store",
    "Unwiped",
    "decode_template",
    "encode_template",
    "subject_id",
]


def __getattr__(name: str) -> Any:
    """What only lists of fingers need, when it is first asked for."""
    if name != "FingerSummary":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from fpverify.store.summary import FingerSummary

    return FingerSummary
