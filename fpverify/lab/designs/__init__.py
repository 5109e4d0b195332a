"""The designs, a module for each source."""

from __future__ import annotations

from fpverify.errors import SettingsError
from fpverify.lab.design import Design


def all_designs() -> dict[str, Design]:
    """Every design by its name, in the order in which the page tells of them."""
    from fpverify.lab.designs import digits, report, stripes, twin, whole_print

    listed = (*stripes.designs(), *digits.designs(), *twin.designs(), *report.designs(), *whole_print.designs())
    return {design.name: design for design in listed}


def find_design(name: str) -> Design:
    """The design of that name.

    Raises:
        SettingsError: there is none.
    """
    known = all_designs()
    if name not in known:
        raise SettingsError(f"no design is named {name!r}; there are {', '.join(known)}")
    return known[name]
