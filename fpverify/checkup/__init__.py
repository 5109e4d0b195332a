"""What is well with an installation, and what needs attention: looked at, and left as it is.

Nothing is made and nothing written: no store, no key, no index, no file of anybody's.
"""

from __future__ import annotations

from fpverify.checkup.checkup import Checkup, checkup
from fpverify.checkup.parts import Finding, Part

__all__ = ["Checkup", "Finding", "Part", "checkup"]
