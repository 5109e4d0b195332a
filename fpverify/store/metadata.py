"""What an application may note beside a subject or an impression: a small JSON object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fpverify.errors import CorruptRecord, EnrollmentError

LARGEST_METADATA_BYTES = 4096  # of JSON: a few notes; documents belong elsewhere


def encode_metadata(metadata: Mapping[str, Any] | None) -> bytes:
    """The object as JSON; None is an empty one.

    Raises:
        EnrollmentError: it is no JSON object, or one of more than 4,096 bytes.
    """
    if not isinstance(metadata or {}, Mapping) or not all(isinstance(name, str) for name in metadata or {}):
        raise EnrollmentError('metadata is a JSON object, such as {"department": "gate 3"}')
    try:
        encoded = json.dumps(metadata or {}, allow_nan=False, ensure_ascii=False, sort_keys=True).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise EnrollmentError(f"the metadata cannot be written as JSON: {error}") from error
    if len(encoded) > LARGEST_METADATA_BYTES:
        raise EnrollmentError(
            f"the metadata has {len(encoded)} bytes of JSON; at most {LARGEST_METADATA_BYTES} are kept"
        )
    return encoded


def decode_metadata(encoded: bytes) -> dict[str, Any]:
    """The object that `encode_metadata` wrote.

    Raises:
        CorruptRecord: it is no such object.
    """
    try:
        metadata = json.loads(encoded) if encoded != b"{}" else {}
    except (ValueError, RecursionError):
        metadata = None
    if not isinstance(metadata, dict):
        raise CorruptRecord("the metadata is damaged; enroll the subject again")
    return metadata
