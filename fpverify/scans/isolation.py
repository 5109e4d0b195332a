"""Decoding in a process of its own, for decoders in C that damaged files make crash or write to standard error.

These are NIST's for WSQ, which crashes, OpenJPEG, which others' files have crashed, and libtiff, which complains. It
takes about 0.1 s.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DECODER = Path(__file__).with_name("decoder.py")
SLOWEST_S = 20.0  # an image takes 0.1 s
COMPLAINT = b"ERROR"  # NIST's decoder goes on after an error, with whatever it has


def plain_tiff(data: bytes) -> bytes | None:
    """The image as TIFF without compression.

    Args:
        data: of a WSQ, JPEG 2000 or TIFF file.

    Returns:
        The bytes of a file; None where the decoder failed, crashed, hung or complained.
    """
    command = [sys.executable, "-P", str(DECODER)]  # -P: the modules beside the program are not in the way
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SLOWEST_S, check=True)  # noqa: S603
    except (subprocess.SubprocessError, OSError):
        return None
    return None if COMPLAINT in done.stderr else done.stdout
