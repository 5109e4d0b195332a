"""Notice of what will go: a category of its own, and how long it is given. docs/stability.md is the promise."""

from __future__ import annotations

import warnings

NOTICE = 2  # minor versions that warn, the one that began included, before one may be without


class FpverifyDeprecationWarning(DeprecationWarning):
    """Something that is used will go; the message says what to use instead, and until when there is time."""


def warn_of(what: str, *, instead: str, since: str, stacklevel: int = 2) -> None:
    """Warns whoever uses something that will go.

    Args:
        what: its full name, such as `fpverify.Thing.old`.
        instead: what to use.
        since: the minor version that first warns, "1.3".
        stacklevel: 2 blames the caller of the function that calls this.
    """
    message = f"{what} is deprecated since {since}: use {instead}; {first_without(since)} may be without it"
    warnings.warn(message, FpverifyDeprecationWarning, stacklevel=stacklevel + 1)


def first_without(since: str) -> str:
    """The first minor version that may be without what warns since another: 1.3 and 1.4 warn, 1.5 may be without."""
    major, minor = map(int, since.split("."))
    return f"{major}.{minor + NOTICE}"
