"""All parts of a checkup, one after the other; one that fails does not keep the others from being looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fpverify.checkup.parts import Finding, Part
from fpverify.checkup.software import extras, versions
from fpverify.settings import Settings

TO_INSTALL = "install fpverify again: `pip install --force-reinstall .` in a copy of its repository"


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found.

    Attributes:
        parts: each thing that was looked at, in order.
    """

    parts: tuple[Part, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all parts, what needs attention first."""
        found = [one for part in self.parts for one in part.findings]
        return tuple(sorted(found, key=lambda one: not one.attention))

    @property
    def well(self) -> bool:
        """Whether nothing needs attention."""
        return not any(one.attention for one in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        findings = [{"about": one.about, "attention": one.attention, "sentence": one.sentence} for one in self.findings]
        return {"well": self.well, **{part.name: dict(part.facts) for part in self.parts}, "findings": findings}


def checkup(settings: Settings, own_version: str, *, quick: bool = False) -> Checkup:
    """Looks at everything; raises nothing for what is wrong.

    Args:
        settings: in force.
        own_version: of fpverify.
        quick: time nothing.
    """
    first = [versions(own_version), extras()]
    try:
        from fpverify.checkup.holdings import model_part, reader_part, store_parts
        from fpverify.checkup.speed import speed_part
    except ImportError as error:  # a library that is missing or damaged
        broken = Finding("versions", f"{error}; {TO_INSTALL}")
        return Checkup((replace(first[0], findings=(*first[0].findings, broken)), first[1]))
    bundle, model = model_part(settings)
    parts = [first[0], model, *store_parts(settings, bundle), first[1], reader_part()]
    return Checkup((*parts, speed_part(settings, bundle, quick=quick)))
