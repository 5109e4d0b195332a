"""Where every library of fpverify can be had as a wheel: a table of systems and Pythons, for docs/platforms.md.

    python tools/wheels.py [--extras service,plots] [--write]

Asks an index, by uv, whether the bounds of pyproject.toml can be kept by wheels alone; installs nothing, and says
nothing of whether they work there. A second or two for each cell. `--write` puts the table into the document.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from interpreters import supported

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "platforms.md"
PLACE = re.compile(r"(?<=<!-- wheels -->\n\n).*?(?=\n\n<!-- /wheels -->)", re.DOTALL)
SYSTEMS = {  # as people name them, and as uv does
    "Linux x86-64 (glibc 2.28)": "x86_64-manylinux_2_28",
    "Linux arm64 (glibc 2.28)": "aarch64-manylinux_2_28",
    "Linux x86-64 (musl, Alpine)": "x86_64-unknown-linux-musl",
    "Windows x86-64": "x86_64-pc-windows-msvc",
    "Windows arm64": "aarch64-pc-windows-msvc",
    "macOS arm64": "aarch64-apple-darwin",
    "macOS x86-64": "x86_64-apple-darwin",
}
EXTRAS = "service,plots,search,postgres"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table, or writes it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--extras", default=EXTRAS, help=f"{EXTRAS} if not given")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.relative_to(ROOT)}")
    given = parser.parse_args(arguments)
    made = table(given.extras)
    if given.write:
        PAGE.write_text(PLACE.sub(lambda _: made, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(made)
    return 0


def table(extras: str) -> str:
    """A row for each system, a column for each Python."""
    pythons = supported()
    rows = ["| |" + "".join(f" {minor} |" for minor in pythons), "|---|" + "---|" * len(pythons)]
    for words, system in SYSTEMS.items():
        rows.append(f"| {words} |" + "".join(f" {lacking(system, minor, extras)} |" for minor in pythons))
    return "\n".join(rows)


def lacking(system: str, minor: str, extras: str) -> str:
    """The first library that has no wheel there; "all" if there is none."""
    named = [word for extra in extras.split(",") for word in ("--extra", extra)]
    how = ["--quiet", "--only-binary", ":all:", "--python-platform", system, "--python-version", minor]
    command = [sys.executable, "-m", "uv", "pip", "compile", *how, *named, str(ROOT / "pyproject.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "all" if done.returncode == 0 else f"no {missing(done.stderr)}"


def missing(said: str) -> str:
    """The library of which uv says that it has no wheel."""
    words = " ".join(said.split())
    found = re.search(r"[Bb]ecause (?:only )?([\w.-]+?)(?:[<>=!~].*?)? (?:has|was|depends|is|and)\b", words)
    lacks = re.search(r"([\w.-]+)[<>=!~,\d. ]* has no wheels", words)
    return lacks[1] if lacks else found[1] if found else "solution"


if __name__ == "__main__":
    sys.exit(main())
