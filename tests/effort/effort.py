"""How much tests try: what finds nearly everything in little time, or with `FPVERIFY_THOROUGH=1` all that there is."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("FPVERIFY_THOROUGH", "") not in {"", "0"}


def tries(usual: int, thorough: int) -> int:
    """How many examples to try: `thorough` in the long form, else `usual`.

    Raises:
        ValueError: nothing would be tried, or no more in the long form.
    """
    if not 0 < usual < thorough:
        raise ValueError(f"{usual} tries in the short form and {thorough} in the long one; more than 0, and then more")
    return thorough if THOROUGH else usual
