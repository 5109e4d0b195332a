"""Tries fpverify with the lowest and the newest libraries that it allows, in each Python that is found.

    python tools/matrix.py [--python 3.12 ...] [--libraries lowest newest] [--all] [--rooms tests/store ...] [--resolve]

For each pair an environment of its own, from `pyproject.toml` of this tree. "lowest" takes every library that fpverify
names at the lowest release that its bound allows and that has a wheel, and what those need as new as can be; "newest"
takes all as new as the bounds allow. A bound below the lowest that there can be is named: it claims what nobody can
have. Then a small user's program under mypy in its strictest, against the installed types, and the tests that tell most
in the least time (`QUICK`), or with `--all` the whole suite, with the extra `dev`, room by room. At the end a table.

What was done lies in `--folder`, a folder for each pair: the environment, the libraries, what each room said. A call
that was ended is continued by the same call; a room that went well is not run again until a file of the tree or a
library changes. Pythons that are not there are named, and end with 1 as a failure does.

`--resolve` installs nothing: a second or two a pair. Otherwise a pair takes a minute or two to install and two for
`QUICK`; the whole suite takes what `make test` takes, about an hour of CPU. Needs uv (the extra `release`), git and a
package index.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from interpreters import Interpreter, found, supported
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "matrix"
UV = [sys.executable, "-m", "uv", "pip"]
FROM_SOURCE = ("wsq", "pyeer")  # have no wheels, or none for every Python
ONLY_WHEELS = ["--only-binary", ":all:", *(word for name in FROM_SOURCE for word in ("--no-binary", name))]
LIBRARIES = ("lowest", "newest")
EXTRAS = "service,plots,frames"  # that are light and that most use
TESTING = ("pytest>=8.2", "pytest-timeout>=2.3", "hypothesis>=6.108", "httpx>=0.28", "mypy>=1.11")
QUICK = (  # what users do first, and what leans most on what libraries do
    "tests/test_installed.py",
    "tests/test_first_calls.py",
    "tests/features",
    "tests/comparison",
    "tests/scans/test_decoding.py",
    "tests/models",
    "tests/store/test_store_contract.py",
    "tests/service/test_app.py",
    "tests/cli/test_verify.py",
)
OUTCOMES = ("passed", "failed", "error", "errors", "skipped")  # words of pytest's last line
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


@dataclass
class Tried:
    """How a pair went, so far.

    Attributes:
        state: of the tree and the libraries that it is about.
        libraries: how many.
        fault: what went wrong before any test, on one line.
        rooms: of each room what pytest said last.
        minutes: that the rooms took.
    """

    state: str = ""
    libraries: int = 0
    fault: str = ""
    rooms: dict[str, str] = field(default_factory=dict)
    minutes: float = 0.0

    @property
    def well(self) -> bool:
        """Whether nothing failed."""
        return not self.fault and all(map(went_well, self.rooms.values()))

    def count(self, *words: str) -> int:
        """Tests of which pytest says one of these words."""
        return sum(counted(said).get(word, 0) for said in self.rooms.values() for word in words)


def main(arguments: Sequence[str] | None = None) -> int:
    """Goes through all pairs and prints a table; 1 if one of them fails or a Python is missing."""
    given = _parsed(arguments)
    there = found(given.python)
    told = {
        (str(there[minor]), libraries): tried(there[minor], libraries, given)
        for minor in given.python
        for libraries in given.libraries
        if minor in there
    }
    print("\n".join(table(told)))
    missing = [minor for minor in given.python if minor not in there]
    for minor in missing:
        print(f"Python {minor} is missing: nothing was tried there (`uv python install {minor}` brings it)")
    return int(bool(missing) or not all(one.well for one in told.values()))


def tried(one: Interpreter, libraries: str, given: argparse.Namespace) -> Tried:
    """How a pair goes, of which each step is told as it is done."""
    extras = "dev" if given.all else given.extras
    folder = given.folder / f"{one.minor}-{libraries}{'' if given.all else '-quick'}"
    name = f"{one.minor} {libraries}"
    try:
        pins = resolved(one, libraries, extras)
        beyond = too_low(pins, one.minor, extras) if libraries == "lowest" else []
        if beyond:
            return Tried(fault=f"bounds that nobody can have: {', '.join(beyond)}")
        if given.resolve:
            return Tried(libraries=len(pins))
        done = begun(folder, pins, given.afresh)
        if not done.libraries:
            print(f"{name}: installing {len(pins)} libraries into {folder}", flush=True)
            installed(one, pins, folder, everything=given.all)
            typed(python_in(folder), folder)
            done.libraries = len(pins)
            keep(folder, done)
    except subprocess.CalledProcessError as error:
        return Tried(fault=last_words(error))
    for room in given.rooms or (rooms() if given.all else QUICK):
        if not went_well(done.rooms.get(room, "")):
            began = time.monotonic()
            done.rooms[room] = tested(room, folder, given.workers)
            done.minutes += (time.monotonic() - began) / 60
            keep(folder, done)
            print(f"{name}: {room}: {done.rooms[room]}", flush=True)
    return done


def begun(folder: Path, pins: Mapping[str, str], afresh: bool) -> Tried:
    """What an earlier call has done for this tree and these libraries; nothing if there was none."""
    state = hashlib.sha256(f"{tree()} {json.dumps(pins, sort_keys=True)}".encode()).hexdigest()
    path = folder / "done.json"
    if path.is_file() and not afresh:
        done = Tried(**json.loads(path.read_text(encoding="utf-8")))
        if done.state == state:
            return done
    return Tried(state)


def keep(folder: Path, done: Tried) -> None:
    """Writes down what was done; a call that ends meanwhile leaves what was there."""
    part = folder / "done.part"
    part.write_text(json.dumps(asdict(done), indent=1), encoding="utf-8")
    part.replace(folder / "done.json")


def tree() -> str:
    """A hash of all files that a commit would have."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]).stdout
    hashed = hashlib.sha256()
    for name in sorted(filter(None, listed.split("\0"))):
        path = ROOT / name
        hashed.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode() if path.is_file() else b"")
    return hashed.hexdigest()


def rooms() -> list[str]:
    """All that holds tests: folders, and files beside them."""
    tests = ROOT / "tests"
    holding = [one for one in tests.iterdir() if one.match("test_*.py") or any(one.rglob("test_*.py"))]
    return sorted((one.relative_to(ROOT).as_posix() for one in holding), key=lambda name: (name.endswith(".py"), name))


def resolved(one: Interpreter, libraries: str, extras: str) -> dict[str, str]:
    """Which release of each library it comes to."""
    how = {"lowest": "lowest-direct", "newest": "highest"}[libraries]
    named = [word for extra in extras.split(",") for word in ("--extra", extra)]
    told = ["--quiet", "--no-header", "--no-annotate", "--resolution", how, "--python", str(one.path)]
    said = run([*UV, "compile", *told, *ONLY_WHEELS, *named, str(ROOT / "pyproject.toml")]).stdout
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


def installed(one: Interpreter, pins: Mapping[str, str], folder: Path, *, everything: bool) -> None:
    """Makes an environment with these libraries, this tree as a wheel, and what tests it; one that has them is kept."""
    listed = folder / "pins.txt"
    wanted = f"# {one}\n" + "".join(f"{name}=={version}\n" for name, version in pins.items())
    install = [*UV, "install", "--quiet", "--python", python_in(folder), *ONLY_WHEELS, "--no-binary", "fpverify"]
    if not listed.is_file() or listed.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        run([*UV[:-1], "venv", "--quiet", "--python", str(one.path), str(folder / "env")])
        part = folder / "pins.part"
        part.write_text(wanted, encoding="utf-8")
        run([*install, "-r", str(part), *(() if everything else TESTING)])
        part.replace(listed)
    run([*install, "--no-deps", "--reinstall", str(ROOT)])
    run([*UV, "check", "--quiet", "--python", python_in(folder)])


def python_in(folder: Path) -> str:
    """The interpreter of a pair's environment."""
    return str(folder / "env" / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def typed(python: str, work: Path) -> None:
    """Checks a user's program under mypy's strictest, and that it is checked at all."""
    program, wrong = work / "program.py", work / "wrong.py"
    program.write_text(USER, encoding="utf-8")
    wrong.write_text(USER + "\n\ndef wrong() -> None:\n" + WRONG, encoding="utf-8")
    check = [python, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", str(program)]
    run(check, folder=work)
    if subprocess.run([*check[:-1], str(wrong)], cwd=work, capture_output=True, check=False).returncode == 0:
        raise subprocess.CalledProcessError(1, check, "mypy passes what is wrong", "")


def tested(room: str, folder: Path, workers: int) -> str:
    """What pytest says last of a room, of which all is kept beside the environment."""
    if not (ROOT / room).exists():
        return "there is no such room"
    # From another folder: what is tested is what is installed, not the tree.
    config = ["-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), "-p", "no:cacheprovider"]
    shared = ["-n", str(workers), "--dist", "worksteal"] if workers > 1 else []
    work = folder / "work"
    (work / "tests").mkdir(parents=True, exist_ok=True)
    # Processes that tests begin import what these hand them by its name, tests.store...: the tests alone, not the tree.
    (work / "tests" / "__init__.py").write_text(f"__path__ = [{str(ROOT / 'tests')!r}]\n", encoding="utf-8")
    command = [python_in(folder), "-m", "pytest", *config, *shared, "-rfE", str(ROOT / room)]  # quiet by its settings
    done = subprocess.run(command, cwd=work, env=_alone(folder), capture_output=True, text=True, check=False)
    said = f"{done.stdout}\n{done.stderr}".strip()
    (folder / f"{room.replace('/', '.')}.txt").write_text(f"{said}\n", encoding="utf-8")
    last = next((line for line in reversed(done.stdout.splitlines()) if line.strip()), "nothing was said").strip("= ")
    return last if done.returncode in {0, 1} else f"pytest ended with {done.returncode}: {last}"


def went_well(said: str) -> bool:
    """Whether a last line of pytest speaks of tests, none of which failed."""
    counts = counted(said)
    none_failed = not any(counts.get(word) for word in ("failed", "error", "errors"))
    return none_failed and bool(counts.get("passed") or counts.get("skipped")) and "ended with" not in said


def counted(said: str) -> dict[str, int]:
    """The numbers of a last line of pytest, by its words."""
    return {word: int(number) for number, word in re.findall(rf"(\d+) ({'|'.join(OUTCOMES)})\b", said)}


def table(told: Mapping[tuple[str, str], Tried]) -> Iterator[str]:
    """A line for each pair, and below it what failed."""
    yield "libraries  how many  rooms  passed  failed  skipped  minutes  Python"
    for (python, libraries), one in told.items():
        counts = [one.count(*words) for words in (("passed",), ("failed", "error", "errors"), ("skipped",))]
        numbers = f"{len(one.rooms):5}  {counts[0]:6}  {counts[1]:6}  {counts[2]:7}  {one.minutes:7.1f}"
        yield f"{libraries:<9}  {one.libraries:8}  {numbers}  {python}"
        if one.fault:
            yield f"  FAILED: {one.fault}"
        yield from (f"  FAILED: {name}: {said}" for name, said in one.rooms.items() if not went_well(said))


def run(command: Sequence[str], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """What a program said; raises CalledProcessError if it failed."""
    return subprocess.run(command, cwd=folder, env=_alone(), capture_output=True, text=True, check=True)


def _alone(folder: Path | None = None) -> dict[str, str]:
    """The environment without what another Python has set; the programs of a pair's own first."""
    hiding = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    kept = {name: value for name, value in os.environ.items() if name not in hiding}
    if folder is not None:
        kept["PATH"] = os.pathsep.join([str(Path(python_in(folder)).parent), kept.get("PATH", "")])
    return kept


def last_words(error: subprocess.CalledProcessError) -> str:
    """The lines of a failure that say most."""
    lines = [line.strip() for line in f"{error.stdout or ''}\n{error.stderr or ''}".splitlines() if line.strip()]
    telling = [line for line in lines if re.match(r"ERROR|FAILED|E  |.*error:|.* depends on |The user requested", line)]
    return " | ".join((telling or lines)[-6:])[:900]


def _whole(name: str) -> Path:
    """A folder's path from the root: programs are started in others."""
    return Path(name).resolve()


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", nargs="+", default=list(supported()), metavar="3.X", help="all that are supported")
    parser.add_argument("--libraries", nargs="+", default=list(LIBRARIES), choices=LIBRARIES)
    parser.add_argument("--extras", default=EXTRAS, help=f"{EXTRAS} if not given")
    parser.add_argument("--all", action="store_true", help="the whole suite, with the extra dev")
    parser.add_argument("--rooms", nargs="+", metavar="tests/ROOM", help="these alone")
    parser.add_argument("--workers", type=int, default=1, help="processes that run tests, with --all")
    parser.add_argument("--folder", type=_whole, default=FOLDER, help="where environments and outcomes lie")
    parser.add_argument("--afresh", action="store_true", help="forget what was done")
    parser.add_argument("--resolve", action="store_true", help="install nothing")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
