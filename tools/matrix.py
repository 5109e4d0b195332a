"""Tries fpverify with the lowest and the newest libraries that it allows, in each Python that is found.

    python tools/matrix.py [--python 3.12 ...] [--libraries lowest newest] [--extras service,plots] [--all] [--resolve]

For each pair an environment of its own, in a temporary folder, from `pyproject.toml` of this tree. "lowest" takes every
library that fpverify names at the lowest release that its bound allows and that has a wheel, and what those need as new
as can be; "newest" takes all as new as the bounds allow. A bound below the lowest that there can be is named: it claims
what nobody can have. Then the tests that tell most in the least time (`QUICK`), or with `--all` the whole suite, with
the extra `dev`; and a small user's program under mypy in its strictest, against the installed types.

`--resolve` installs nothing: a second or two a pair. Otherwise a pair takes a minute to install, two for `QUICK`, ten
to twenty for the whole suite, on two cores. Needs uv (the extra `release`) and a package index.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from interpreters import Interpreter, found, supported
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
UV = [sys.executable, "-m", "uv", "pip"]
ONLY_WHEELS = ["--only-binary", ":all:", "--no-binary", "wsq"]  # which has none for every Python
LIBRARIES = ("lowest", "newest")
EXTRAS = "service,plots,frames"  # that are light and that most use
TESTING = ("pytest>=8.2", "pytest-timeout>=2.3", "hypothesis>=6.100", "httpx>=0.27", "mypy>=1.11")
QUICK = (  # what users do first, and what leans most on what libraries do
    "tests/test_installed.py",
    "tests/test_first_calls.py",
    "tests/features",
    "tests/comparison",
    "tests/scans/test_decoding.py",
    "tests/models",
    "tests/store/test_store.py",
    "tests/service/test_app.py",
    "tests/cli/test_verify.py",
)
USER = '''\
"""What a user writes, checked against the types that come with fpverify."""

from __future__ import annotations

import numpy as np

from fpverify import Client, Decision, Evaluation, Finger, Scan, Score, Verifier, compare, evaluate, read_scan
from fpverify.errors import FailureToAcquire, NotEnrolled

FINGER: Finger = "right-index"


def decided(path: str) -> Decision | None:
    with Verifier.open("enroll_db") as verifier:
        verifier.enroll(path, "A", finger=FINGER)
        try:
            return verifier.verify(np.zeros((300, 300), np.uint8), "A", ppi=500)
        except (FailureToAcquire, NotEnrolled):
            return None


def rates(folder: str) -> float:
    found: Evaluation = evaluate(folder, protocol="dense")
    return found.eer


def asked(url: str, scan: bytes) -> bool:
    with Client(url, "key") as client:
        return bool(client.verify(scan, "A"))


scan: Scan = read_scan("scan.bmp", ppi=500)
score: Score = compare(scan, "finger.bmp")
wanted: float = score.value
'''
WRONG = "    reveal: int = 'no'\n"  # behind the program: were it passed, nothing would have been checked


def main(arguments: Sequence[str] | None = None) -> int:
    """Goes through all pairs and prints a table; 1 if one of them fails or a Python is missing."""
    given = _parsed(arguments)
    there = found(given.python)
    rows = [(minor, libraries) for minor in given.python for libraries in given.libraries]
    told = {}
    for minor, libraries in rows:
        known = there.get(minor)
        told[minor, libraries] = "no such Python here" if known is None else tried(known, libraries, given)
        print(f"{minor}  {libraries:<7} {told[minor, libraries]}", flush=True)
    return int(any(not one.startswith("well") for one in told.values()))


def tried(one: Interpreter, libraries: str, given: argparse.Namespace) -> str:
    """How it went: "well" and figures, or what failed, on one line."""
    extras = "dev" if given.all else given.extras
    with tempfile.TemporaryDirectory(prefix="fpverify-matrix-") as folder:
        work = Path(folder)
        try:
            pins = resolved(one.minor, libraries, extras)
            beyond = too_low(pins, one.minor, extras) if libraries == "lowest" else []
            if beyond:
                return f"FAILED: bounds that nobody can have: {', '.join(beyond)}"
            if given.resolve:
                return f"well: {len(pins)} libraries"
            python = installed(one, pins, work, everything=given.all)
            typed(python, work)
            return f"well: {tested(python, work, everything=given.all)}; types as a user sees them"
        except subprocess.CalledProcessError as error:
            return f"FAILED: {last_words(error)}"


def resolved(minor: str, libraries: str, extras: str) -> dict[str, str]:
    """Which release of each library it comes to."""
    how = {"lowest": "lowest-direct", "newest": "highest"}[libraries]
    named = [word for extra in extras.split(",") for word in ("--extra", extra)]
    command = [
        *UV,
        "compile",
        "--quiet",
        "--no-header",
        "--no-annotate",
        "--resolution",
        how,
        "--python-version",
        minor,
    ]
    said = run([*command, *ONLY_WHEELS, *named, str(ROOT / "pyproject.toml")]).stdout
    return dict(re.findall(r"^([\w.-]+)==(\S+)", said, re.MULTILINE))


def too_low(pins: Mapping[str, str], minor: str, extras: str) -> list[str]:
    """Bounds below the lowest release that there can be, with that one."""
    found = {str(canonicalize_name(name)): Version(version) for name, version in pins.items()}
    stated = bounds(minor, extras)
    both = [(name, bound, found[name]) for name, bound in sorted(stated.items()) if name in found]
    return [f"{name} >={bound}, which begins at {lowest}" for name, bound, lowest in both if _below(bound, lowest)]


def _below(bound: str, lowest: Version) -> bool:
    """Whether a bound is of another series than the lowest release: >=2.0 is kept by 2.0.2."""
    wanted = Version(bound).release
    return (*lowest.release, 0, 0)[: len(wanted)] != wanted


def bounds(minor: str, extras: str) -> dict[str, str]:
    """The lower bound of each library that is named, by the name that indexes know."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *_of_extras(project["optional-dependencies"], extras)]
    kept: dict[str, str] = {}
    for wanted in map(Requirement, dict.fromkeys(named)):
        holds = wanted.marker is None or wanted.marker.evaluate({"python_version": minor, "extra": ""})
        bound = next((one.version for one in wanted.specifier if one.operator in {">=", "=="}), None)
        if bound is not None and holds:
            kept[canonicalize_name(wanted.name)] = bound
    return kept


def _of_extras(optional: Mapping[str, list[str]], extras: str) -> Iterator[str]:
    for extra in extras.split(","):
        for text in optional[extra]:
            own = re.fullmatch(r"fpverify\[(.+)\]", text)
            yield from _of_extras(optional, own[1]) if own else [text]


def installed(one: Interpreter, pins: Mapping[str, str], work: Path, *, everything: bool) -> str:
    """The Python of a new environment with these libraries, this tree as a wheel, and what tests it."""
    run([*UV[:-1], "venv", "--quiet", "--python", str(one.path), str(work / "env")])
    python = str(work / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    (work / "pins.txt").write_text("".join(f"{name}=={version}\n" for name, version in pins.items()))
    given = ["-r", str(work / "pins.txt"), *(() if everything else TESTING)]
    run([*UV, "install", "--quiet", "--python", python, *ONLY_WHEELS, "--no-binary", "fpverify", *given, str(ROOT)])
    run([*UV, "check", "--quiet", "--python", python])
    return python


def typed(python: str, work: Path) -> None:
    """Checks a user's program under mypy's strictest, and that it is checked at all."""
    program, wrong = work / "program.py", work / "wrong.py"
    program.write_text(USER, encoding="utf-8")
    wrong.write_text(USER + "\n\ndef wrong() -> None:\n" + WRONG, encoding="utf-8")
    check = [python, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", str(program)]
    run(check, folder=work)
    if subprocess.run([*check[:-1], str(wrong)], cwd=work, capture_output=True, check=False).returncode == 0:
        raise subprocess.CalledProcessError(1, check, "mypy passes what is wrong", "")


def tested(python: str, work: Path, *, everything: bool) -> str:
    """What pytest says last."""
    which = ["tests"] if everything else list(QUICK)
    paths = [str(ROOT / one) for one in which if (ROOT / one).exists()]
    # From another folder: what is tested is what is installed, not the tree.
    command = [
        python,
        "-m",
        "pytest",
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(ROOT),
        "-p",
        "no:cacheprovider",
    ]
    return run([*command, "-q", *paths], folder=work).stdout.strip().splitlines()[-1].strip("= ")


def run(command: Sequence[str], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """What a program said; raises CalledProcessError if it failed."""
    hiding = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    env = {name: value for name, value in os.environ.items() if name not in hiding}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)


def last_words(error: subprocess.CalledProcessError) -> str:
    """The lines of a failure that say most."""
    lines = [line.strip() for line in f"{error.stdout or ''}\n{error.stderr or ''}".splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"ERROR|FAILED|E  |.*error:|.* depends on |The user requested", line)]
    return " | ".join((telling or lines)[-6:])[:900]


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", nargs="+", default=list(supported()), metavar="3.X", help="all that are supported")
    parser.add_argument("--libraries", nargs="+", default=list(LIBRARIES), choices=LIBRARIES)
    parser.add_argument("--extras", default=EXTRAS, help=f"{EXTRAS} if not given")
    parser.add_argument("--all", action="store_true", help="the whole suite, with the extra dev")
    parser.add_argument("--resolve", action="store_true", help="install nothing")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
