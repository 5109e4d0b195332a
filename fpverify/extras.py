"""What the package does only where more is installed than it needs itself, by the names of `pyproject.toml`.

What needs an extra calls `require` before it begins, so that nobody waits for work that cannot end.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from types import MappingProxyType

from fpverify.errors import MissingExtra

LIBRARIES: Mapping[str, tuple[str, ...]] = MappingProxyType(  # of each extra, as they are imported
    {
        "plots": ("matplotlib", "jinja2"),
        "lab": ("sklearn", "skimage"),
        "frames": ("pandas",),
        "wsq": ("wsq",),
    }
)


def require(extra: str, who: str) -> None:
    """Nothing, if an extra is installed.

    Args:
        extra: one of `LIBRARIES`.
        who: needs it, as the message has it.

    Raises:
        MissingExtra: it is not, or not all of it.
    """
    missing = missing_library(extra)
    if missing:
        raise MissingExtra(f"{who} needs {missing}, which is not installed; {install_line(extra)}")


def missing_library(extra: str) -> str:
    """The first library of an extra that is not installed; empty if all are."""
    return next((name for name in LIBRARIES[extra] if not _is_installed(name)), "")


def install_line(extra: str) -> str:
    """What to type to get an extra, or several with commas between them, and where.

    fpverify is on no package index, and whoever asks one for its name may be given something else.
    """
    return f"`pip install '.[{extra}]'` in a copy of fpverify's repository"


def _is_installed(library: str) -> bool:
    if sys.modules.get(library):  # looking for it would take half a millisecond
        return True
    try:
        return find_spec(library) is not None
    except (ImportError, ValueError):  # its import was forbidden, or is under way
        return False
