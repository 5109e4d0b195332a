"""What a program that listens is told: lines of `logging` under the name `fpverify`, of what was opened and loaded.

Nothing that tells whose finger was seen: the audit trail has that. Without a listener it is silent.
"""

from __future__ import annotations

import sys

NAME = "fpverify"


def tell(message: str, *values: object) -> None:
    """Tells whoever listens at the level INFO; nobody does where `logging` was never loaded, and it is not for this.

    Args:
        message: with `%s` for the values.
        values: in their order.
    """
    logging = sys.modules.get("logging")
    if logging is None:
        return
    logger = logging.getLogger(NAME)
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logger.info(message, *values)
