"""What is known against the packages that fpverify runs on: published weaknesses, and licences.

    python tools/audit.py [--licences-only]

Weaknesses come from pip-audit, which asks a public database; where none is in reach it says so, and the licences are
shown all the same. A licence that is neither permissive nor named here ends with 1, so does a weakness, and 3 means
that nobody could be asked about weaknesses.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distributions

from packaging.requirements import Requirement

PERMISSIVE = re.compile(
    r"apache|\bmit\b|bsd|\bisc\b|python software|psf|hpnd|public domain|unlicense|zlib|cc0|0bsd|mit-cmu", re.IGNORECASE
)
COPYLEFT = re.compile(r"\b[al]?gpl|mozilla|\bmpl|eupl", re.IGNORECASE)
NAMED = {  # copyleft for itself alone: linked or run, never copied; each is an extra, or a file of its own
    "psycopg": "LGPL, extra postgres",
    "psycopg-binary": "LGPL, extra postgres",
    "certifi": "MPL, certificates; of extras",
    "tqdm": "MPL and MIT: files of its own",
    "orjson": "MPL and others; of the extra milvus",
    "wsq": "CeCILL-C, extra wsq",
    "namex": "Apache, which its files say and its metadata do not; of the extra train",
}
EXTRAS = (
    "dask",
    "keyring",
    "lab",
    "milvus",
    "plots",
    "postgres",
    "search",
    "service",
    "train",
    "wsq",
)  # all but dev and docs
NOBODY_ASKED = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints both, and says how it ended."""
    given = _parsed(arguments)
    unclear = list(unclear_licences(needed("fpverify")))
    for line in unclear:
        print(line)
    print(f"licences: {len(unclear)} to be looked at" if unclear else "licences: all permissive, or named in this file")
    if given.licences_only:
        return int(bool(unclear))
    weak = weaknesses()
    return weak or int(bool(unclear))


def needed(name: str) -> Iterator[Distribution]:
    """What is installed of a package, its extras, and all that they need; tools of development are left out."""
    wanted: list[tuple[str, tuple[str, ...]]] = [(name, EXTRAS)]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    installed = {_normal(one.metadata["Name"]): one for one in distributions()}
    while wanted:
        package, extras = wanted.pop()
        if (package, extras) in seen or package not in installed:
            continue
        seen.add((package, extras))
        if package != name and package not in {other for other, _ in seen - {(package, extras)}}:
            yield installed[package]
        for text in installed[package].requires or ():
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in (*extras, "")):
                wanted.append((_normal(requirement.name), tuple(sorted(requirement.extras))))


def unclear_licences(packages: Iterator[Distribution]) -> Iterator[str]:
    """A line for each package whose licence is not permissive, and not named here."""
    for one in sorted(packages, key=lambda package: package.metadata["Name"].lower()):
        name, stated = one.metadata["Name"], licence(one)
        if _normal(name) not in NAMED and (COPYLEFT.search(stated) or not PERMISSIVE.search(stated)):
            yield f"{name} {one.version}: {stated or 'states no licence'}"


def licence(package: Distribution) -> str:
    """What a package's metadata say of its licence."""
    metadata = package.metadata
    classified = [one for one in metadata.get_all("Classifier") or () if one.startswith("License")]
    stated = metadata.get_all("License-Expression") or classified or metadata.get_all("License") or ()
    return " ".join(" ".join(stated).split())[:120]


def weaknesses() -> int:
    """1 if pip-audit knows a weakness, `NOBODY_ASKED` if it could ask about nothing, else 0."""
    command = [sys.executable, "-m", "pip_audit", "--progress-spinner", "off", "--skip-editable", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        found = []
    asked = [one for one in found if "skip_reason" not in one]
    if not asked:
        print("weaknesses: no database is in reach, so nothing is known; run this where there is one")
        return NOBODY_ASKED
    known = [(one["name"], one["version"], weak) for one in asked for weak in one["vulns"]]
    for name, version, weak in known:
        print(f"{name} {version}: {weak['id']}, mended in {', '.join(weak['fix_versions']) or 'no release'}")
    print(f"weaknesses: {len(known)} known of {len(asked)} packages; of {len(found) - len(asked)} nobody knew anything")
    return int(bool(known))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--licences-only", action="store_true", help="ask nobody about weaknesses")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
