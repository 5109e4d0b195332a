"""Builds what a release consists of, and tries it as a user has it. Publishes nothing.

    python tools/release.py [--out dist] [--python 3.12 ...] [--build-only]

From the last commit, never from what lies about beside it:

1. sdist and wheel, the wheel from the sdist, by the versions of `tools/build-constraints.txt`; and both a second time,
   in another folder, time zone and umask: they have to be equal, byte for byte;
2. their metadata and contents: every file of the package and none besides, no path of this machine, not too large;
3. that very wheel into a clean environment of each Python that is found (`tools/interpreters.py`): what
   `tools/check_without_train.py` goes through, then with `[service]` the tests marked `release`; versions that are
   missing are named;
4. SHA256SUMS, and a bill of materials in CycloneDX of what came with the wheel.

Takes two minutes, and a minute more for each Python. Needs the extra `release` and a package index.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from email.parser import HeaderParser
from pathlib import Path

from interpreters import Interpreter, found, supported

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "tools" / "build-constraints.txt"
LEFT_OUT = ("docs/images/",)  # of the sdist, see pyproject.toml
MADE = {"PKG-INFO"}  # in the sdist, and in no commit
MOST_MB = {".whl": 24, ".gz": 26}  # of 2^20 bytes; an index allows 100
TESTED_WITH = ("pytest>=8.2", "pytest-timeout>=2.3", "hypothesis>=6.100")  # what tests/conftest.py and settings need
SURROUNDINGS = ({"TZ": "UTC", "LC_ALL": "C"}, {"TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"})  # of the two builds
MOST_SHOWN = 4000  # characters of what a program that failed said
HIDING = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}  # variables by which another fpverify would be met
UMASKS = (0o022, 0o077)

Files = dict[str, bytes]  # by their path in an archive


def main(arguments: Sequence[str] | None = None) -> int:
    """Goes through the steps; 1 if a Python that is supported is missing."""
    given = _parsed(arguments)
    out: Path = given.out
    with tempfile.TemporaryDirectory(prefix="fpverify-release-") as folder:
        work = Path(folder)
        tracked = export(work / "commit")
        wheel, sdist = build_twice(work)
        for complaint in [*wrong_wheel(wheel, tracked), *wrong_sdist(sdist, tracked), *leaks([wheel, sdist], work)]:
            raise SystemExit(complaint)
        run([sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(sdist)])
        sizes = ", ".join(f"{path.name} ({path.stat().st_size / 2**20:.1f} MB)" for path in (wheel, sdist))
        said(f"built twice, equal byte for byte: {sizes}")
        bill = work / f"{wheel.name.split('-')[0]}-{version_of(wheel)}.cdx.json"
        missing = [] if given.build_only else try_all(wheel, bill, given.python, work)
        publishable = [path for path in (wheel, sdist, bill) if path.exists()]
        write_out(out, publishable)
    said("".join(f"{path.name}\n" for path in sorted(out.iterdir())).strip())
    return int(bool(missing))


# --- building ---------------------------------------------------------------------------------------------------------


def export(folder: Path) -> dict[str, str]:
    """Lays the last commit into a folder; the hashes of its files by path."""
    if dirty := run(["git", "status", "--porcelain"]).strip():
        said(f"not in the last commit, and so not in this release:\n{dirty}")
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): _sha256(path.read_bytes()) for path in paths}


def build_twice(work: Path) -> tuple[Path, Path]:
    """Wheel and sdist of the first build.

    Raises:
        SystemExit: the second is another; says in which files.
    """
    first, second = (build(work, number) for number in range(2))
    for one, other in zip(first, second, strict=True):
        if one.read_bytes() != other.read_bytes():
            raise SystemExit(f"{one.name}: two builds differ in {differing(one, other)}")
    return first


def build(work: Path, number: int) -> tuple[Path, Path]:
    """Wheel and sdist, built in a folder, time zone and umask of its own."""
    source, out = work / f"source-{number}-{'x' * 9 * number}", work / f"built-{number}"
    shutil.copytree(work / "commit", source)
    epoch = run(["git", "log", "-1", "--format=%ct"]).strip()
    surroundings = {
        **os.environ,
        **SURROUNDINGS[number],
        "SOURCE_DATE_EPOCH": epoch,
        "PIP_CONSTRAINT": str(CONSTRAINTS),
        "PYTHONHASHSEED": str(number + 1),
    }
    command = [sys.executable, "-m", "build", "--outdir", str(out), str(source)]
    before = os.umask(UMASKS[number])
    try:
        run(command, surroundings=surroundings)
    finally:
        os.umask(before)
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


def differing(one: Path, other: Path) -> str:
    """Names of the files that differ between two archives, or what else does."""
    files, others = contents(one), contents(other)
    names = sorted(name for name in files.keys() | others.keys() if files.get(name) != others.get(name))
    return ", ".join(names) or "the order, times or permissions of their files"


def contents(path: Path) -> Files:
    """Files of a wheel or an sdist; of an sdist without its folder."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist()}
    with tarfile.open(path) as tar:
        files = {one.name: tar.extractfile(one) for one in tar.getmembers() if one.isfile()}
        return {name.partition("/")[2]: file.read() for name, file in files.items() if file is not None}


# --- looking ----------------------------------------------------------------------------------------------------------


def wrong_wheel(path: Path, tracked: Mapping[str, str]) -> list[str]:
    """A line for whatever a wheel has too much or too little of."""
    files = contents(path)
    wanted = {name: digest for name, digest in tracked.items() if name.startswith("fpverify/")}
    own = {name: _sha256(data) for name, data in files.items() if ".dist-info/" not in name}
    info = {name.partition(".dist-info/")[2] for name in files if ".dist-info/" in name}
    flaws = _unlike(path.name, own, wanted)
    if not info >= {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}:
        flaws.append(f"{path.name}: metadata are {', '.join(sorted(info))}")
    return flaws + _wrong_size(path) + _wrong_version(path)


def wrong_sdist(path: Path, tracked: Mapping[str, str]) -> list[str]:
    """Likewise; what the commit has is there, so that the tests of the project run from it."""
    wanted = {name: digest for name, digest in tracked.items() if not name.startswith(LEFT_OUT)}
    own = {name: _sha256(data) for name, data in contents(path).items() if name not in MADE}
    return _unlike(path.name, own, wanted) + _wrong_size(path)


def leaks(paths: Sequence[Path], work: Path) -> list[str]:
    """A line for each file that names a folder of this machine in which it was built."""
    places = {str(work).encode(), str(ROOT).encode()}
    held = [(path.name, name, data) for path in paths for name, data in contents(path).items()]
    return [f"{archive}: {name} names {place!r}" for archive, name, data in held for place in places if place in data]


def version_of(wheel: Path) -> str:
    """The version that a wheel's metadata state."""
    metadata = next(data for name, data in contents(wheel).items() if name.endswith(".dist-info/METADATA"))
    return str(HeaderParser().parsestr(metadata.decode("utf-8"))["Version"])


def _unlike(archive: str, own: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    more = [f"{archive}: {name} is in no commit" for name in sorted(own.keys() - wanted.keys())]
    less = [f"{archive}: {name} is missing" for name in sorted(wanted.keys() - own.keys())]
    both = own.keys() & wanted.keys()
    return more + less + [f"{archive}: {name} is another" for name in sorted(both) if own[name] != wanted[name]]


def _wrong_size(path: Path) -> list[str]:
    size_mb = path.stat().st_size / 2**20
    too_large = size_mb > MOST_MB[path.suffix]
    return [f"{path.name}: {size_mb:.1f} MB, of {MOST_MB[path.suffix]} at most"] if too_large else []


def _wrong_version(wheel: Path) -> list[str]:
    stated, metadata = own_version(), version_of(wheel)
    return [] if stated == metadata else [f"{wheel.name}: of version {metadata}, and the package states {stated}"]


def own_version() -> str:
    """The version that the package states."""
    text = (ROOT / "fpverify" / "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE)
    if match is None:
        raise SystemExit("fpverify/__init__.py states no version")
    return match[1]


# --- trying -----------------------------------------------------------------------------------------------------------


def try_all(wheel: Path, bill: Path, wanted: Sequence[str], work: Path) -> list[str]:
    """Tries a wheel in each Python that is there; writes the bill of the newest. Those that are missing."""
    there = found(wanted)
    for one in sorted(there.values()):
        said(f"Python {one}")
        try_wheel(wheel, one, work / f"env-{one.minor}", bill)
    missing = [minor for minor in wanted if minor not in there]
    for minor in missing:
        said(f"Python {minor}: none on this machine, so nothing is known there")
    return missing


def try_wheel(wheel: Path, one: Interpreter, home: Path, bill: Path) -> None:
    """Installs a wheel where nothing else is, and does with it what users do.

    Raises:
        SystemExit: something does not work; says what was said.
    """
    run([str(one.path), "-m", "venv", str(home)])
    python = str(home / "bin" / "python") if os.name != "nt" else str(home / "Scripts" / "python.exe")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    run([*pip, str(wheel)])
    run([python, "-m", "pip", "check"])
    write_bill(python, bill)
    said(run([python, str(ROOT / "tools" / "check_without_train.py")], folder=home).strip())
    run([*pip, f"{wheel}[service]", *TESTED_WITH])
    tests = [python, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "-m", "release"]
    said(run([*tests, str(ROOT / "tests" / "test_installed.py")], folder=home).strip().splitlines()[-1])


def write_bill(python: str, bill: Path) -> None:
    """A bill of materials of what an environment holds, the package itself as what it is about."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", "--of", "JSON"]
    held = json.loads(run([*command, "--mc-type", "library", python]))
    own = next(one for one in held["components"] if one["name"] == "fpverify")
    installers = {one["bom-ref"] for one in held["components"] if one["name"] in {"pip", "setuptools"}}
    for place in own.get("externalReferences", []):
        place["url"] = place["url"].rpartition("/")[2]  # a folder of this machine is nobody's business
    held["metadata"]["component"] = own
    gone = installers | {own["bom-ref"]}
    held["components"] = [one for one in held["components"] if one["bom-ref"] not in gone]
    held["dependencies"] = [one for one in held["dependencies"] if one["ref"] not in installers | {"root-component"}]
    bill.write_text(json.dumps(held, indent=2) + "\n", encoding="utf-8")


def write_out(out: Path, paths: Sequence[Path]) -> None:
    """Copies files into an emptied folder, with their hashes beside them in the form of `sha256sum --check`."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for path in paths:
        shutil.copyfile(path, out / path.name)
    lines = [f"{_sha256(path.read_bytes())}  {path.name}\n" for path in sorted(paths, key=lambda path: path.name)]
    (out / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


# --- processes --------------------------------------------------------------------------------------------------------


def run(command: Sequence[str], *, folder: Path = ROOT, surroundings: Mapping[str, str] | None = None) -> str:
    """Standard output of a program.

    Raises:
        SystemExit: it failed; says what it said.
    """
    env = {name: value for name, value in (surroundings or os.environ).items() if name not in HIDING}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        ended = f"{' '.join(command)} ended with {done.returncode}"
        raise SystemExit(f"{ended}:\n{done.stdout[-MOST_SHOWN:]}{done.stderr[-MOST_SHOWN:]}")
    return done.stdout


def said(words: str) -> None:
    """Prints, so that who waits sees it."""
    print(words, flush=True)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder, emptied first; dist/ if not given")
    parser.add_argument("--python", nargs="+", default=list(supported()), metavar="3.X", help="all that are supported")
    parser.add_argument("--build-only", action="store_true", help="try nothing")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
