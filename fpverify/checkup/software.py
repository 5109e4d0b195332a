"""Which Python, fpverify and libraries there are, and which extras."""

from __future__ import annotations

import platform
import re
import sqlite3
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, requires, version

from fpverify.checkup.parts import Finding, Part
from fpverify.extras import install_line

PACKAGE = "fpverify"
FOR_DEVELOPERS = {"dev"}  # an extra that nobody needs who uses the program

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"""\bextra\s*==\s*['"]([^'"]+)['"]""")


def versions(own: str) -> Part:
    """Python, fpverify (`own`), SQLite and the libraries that every installation has."""
    needed = _needed()
    libraries = {name: installed_version(name) for name in needed.get("", [])}
    missing = [name for name, found in libraries.items() if found is None]
    findings = [Finding("versions", f"{name} is missing; `pip install {name}`") for name in missing]
    if not needed:
        words = "fpverify runs from a folder and is not installed, so what it needs is not known; `pip install .`"
        findings.append(Finding("versions", words, attention=False))
    facts = {
        "python": platform.python_version(),
        "fpverify": own,
        "sqlite": sqlite3.sqlite_version,
        "platform": platform.platform(),
        "libraries": libraries,
    }
    said = ", ".join(f"{name} {found}" for name, found in libraries.items() if found)
    lines = (
        ("fpverify", f"{own}, Python {facts['python']}, SQLite {facts['sqlite']}, {facts['platform']}"),
        ("libraries", said),
    )
    return Part("versions", facts, lines, tuple(findings))


def extras() -> Part:
    """Which parts that are installed on demand are there; that one is missing is no finding."""
    facts = {
        name: {"installed": not (missing := _missing(libraries)), "missing": missing}
        for name, libraries in sorted(_needed().items())
        if name and name not in FOR_DEVELOPERS
    }
    there = [name for name, one in facts.items() if one["installed"]]
    others = [name for name in facts if name not in there]
    install = f"; {install_line(others[0])} adds one" if others else ""
    lines = (("extras", ", ".join(there) or "none"), ("missing", ", ".join(others) + install))
    return Part("extras", facts, lines)


def installed_version(library: str) -> str | None:
    """The version of a library by the name that package indexes have; None if it is not installed."""
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _missing(libraries: Iterable[str]) -> list[str]:
    return [one for one in libraries if installed_version(one) is None]


def _needed() -> dict[str, list[str]]:
    """Names of libraries by extra, those of all under ""; nothing where fpverify is not installed."""
    try:
        stated = requires(PACKAGE) or []
    except PackageNotFoundError:
        return {}
    found: dict[str, list[str]] = {}
    for line in stated:
        name, extra = _NAME.match(line), _EXTRA.search(line)
        if name:
            found.setdefault(extra[1] if extra else "", []).append(name[0])
    return {extra: [one for one in names if one != PACKAGE] for extra, names in found.items()}
