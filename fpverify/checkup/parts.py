"""What a checkup says of one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to be known.

    Attributes:
        about: the part's name.
        sentence: what there is, and what to do, in one line.
        attention: something does not work as it should; otherwise it is only worth knowing.
    """

    about: str
    sentence: str
    attention: bool = True


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was looked at.

    Attributes:
        name: such as "store".
        facts: plain values, for programs; of one part always the same names.
        lines: (name, value) for people.
        findings: about it.
    """

    name: str
    facts: Mapping[str, Any]
    lines: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...] = field(default=())
