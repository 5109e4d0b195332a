"""Where enrolled fingers are kept: the binary form of a template, and the database of references."""

from __future__ import annotations

from fpverify.store.changes import Changes, Point
from fpverify.store.database import Store
from fpverify.store.fingers import FINGER_CODES, UNKNOWN_FINGER
from fpverify.store.location import DEFAULT_FOLDER
from fpverify.store.subject_ids import subject_id
from fpverify.store.summary import FingerSummary
from fpverify.store.template_format import decode_template, encode_template
from fpverify.store.wiping import Unwiped

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
