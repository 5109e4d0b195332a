"""Checks that an installation without any extra is small, and enrolls, verifies and evaluates.

Run it with the Python of such an installation, from a folder that is not the project's: it uses the installed package.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path

OF_EXTRAS = ("tensorflow", "keras", "matplotlib", "jinja2", "sklearn", "skimage", "scipy", "fastapi", "pydantic")
MOST_DISTRIBUTIONS = 26
MOST_MB = 400  # of 2^20 bytes, beyond pip and setuptools; compiled modules included
INSTALLERS = {"pip", "setuptools"}


def main() -> int:
    """Goes through the commands; ends with a line on what was checked."""
    check_libraries()
    print(check_size())
    with tempfile.TemporaryDirectory() as folder:
        check_commands(Path(folder))
    print("Without extras: synth, enroll, verify, evaluate, explain, list, delete and demo work.")
    return 0


def check_libraries() -> None:
    """No library of an extra is installed, and fpverify is, elsewhere than in its sources."""
    there = [name for name in OF_EXTRAS if find_spec(name)]
    expect(not there, f"{there} installed: nothing would be checked here")
    package = find_spec("fpverify")
    expect(package is not None and "site-packages" in str(package.origin), f"fpverify is not installed: {package}")


def check_size() -> str:
    """How much is installed, on one line; it is not too much."""
    found = [one for one in distributions() if one.metadata["Name"].lower() not in INSTALLERS]
    files = {Path(str(one.locate_file(file))) for one in found for file in one.files or ()}
    size_mb = sum(path.stat().st_size for path in files if path.is_file()) / 2**20
    said = f"{len(found)} distributions, {size_mb:.0f} MB"
    expect(len(found) <= MOST_DISTRIBUTIONS, f"{said}: at most {MOST_DISTRIBUTIONS} were expected")
    expect(size_mb <= MOST_MB, f"{said}: at most {MOST_MB} MB were expected")
    return said


def check_commands(folder: Path) -> None:
    """Each command with its exit code and what it leaves."""
    run(folder, 0, "synth", "ridges", "--fingers", "3", "--impressions", "2", "--out", "prints", "--workers", "1")
    run(folder, 0, "enroll", "prints/1_1.bmp", "--id", "A")
    mated = json.loads(run(folder, 0, "verify", "prints/1_2.bmp", "--id", "A", "--json"))
    expect(mated["decision"] == "match", f"1_2 is not taken for 1_1: {mated}")
    other = json.loads(run(folder, 1, "verify", "prints/2_1.bmp", "--id", "A", "--json"))
    expect(other["decision"] == "non-match", f"2_1 is taken for 1_1: {other}")
    run(folder, 0, "evaluate", "prints", "--protocol", "dense", "--scores", "scores.csv", "--metrics", "metrics.json")
    rows = (folder / "scores.csv").read_text().splitlines()
    expect(len(rows) == 1 + 3 + 12, f"3 mated and 12 non-mated comparisons were expected, not {len(rows) - 1}")
    expect(bool(json.loads((folder / "metrics.json").read_text())), "metrics.json is empty")
    run(folder, 0, "explain", "prints/1_1.bmp", "prints/1_2.bmp")
    run(folder, 3, "explain", "prints/1_1.bmp", "prints/1_2.bmp", "--out", "pair.png")
    expect("A" in run(folder, 0, "list"), "the list does not show A")
    run(folder, 0, "delete", "--id", "A")
    run(folder, 0, "demo")


def run(folder: Path, code: int, *words: str) -> str:
    """Standard output of a command that is expected to end with `code`."""
    command = [sys.executable, "-m", "fpverify", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = f"fpverify {' '.join(words)} ended with {done.returncode}, not {code}: {done.stdout}{done.stderr}"
    expect(done.returncode == code, said)
    return done.stdout


def expect(truth: bool, otherwise: str) -> None:
    """Ends the check where something is not as it should be."""
    if not truth:
        raise SystemExit(otherwise)


if __name__ == "__main__":
    sys.exit(main())
