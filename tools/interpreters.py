"""The Pythons of this machine that fpverify supports, also behind version managers.

    python tools/interpreters.py [--of 3.11 3.12 3.13]

Looked for on the PATH, in the folders of pyenv, uv, conda, asdf, mise and Homebrew, in /opt and /usr/local, and among
the frameworks of macOS; of each minor version the newest that can make an environment counts. Those that are missing
are named, and end with 1.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASKED = (
    "import ensurepip, json, platform, ssl, sqlite3, sys, venv; "
    "print(json.dumps([list(sys.version_info[:3]), platform.python_implementation(), sys.base_prefix]))"
)
SLOW = {"shims"}  # scripts that choose one of a version manager's, whose folder is looked into anyway
ANSWER_S = 20  # within which an interpreter says what it is, on a busy machine too


@dataclass(frozen=True, order=True)
class Interpreter:
    """One that can make environments.

    Attributes:
        version: major, minor, patch.
        path: of its program.
    """

    version: tuple[int, int, int]
    path: Path

    @property
    def minor(self) -> str:
        """As "3.12"."""
        return f"{self.version[0]}.{self.version[1]}"

    def __str__(self) -> str:
        """Version and place."""
        return f"{'.'.join(map(str, self.version))} ({self.path})"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what is there and what is missing; 1 if something is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--of", nargs="+", default=list(supported()), metavar="3.X", help="versions; all if not given")
    wanted = parser.parse_args(arguments).of
    there = found(wanted)
    for minor in wanted:
        print(there.get(minor, f"{minor} is missing"))
    return int(len(there) < len(wanted))


def supported() -> tuple[str, ...]:
    """Minor versions that the project states in its classifiers."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return tuple(re.findall(r"Programming Language :: Python :: (3\.\d+)", text))


def found(wanted: Sequence[str]) -> dict[str, Interpreter]:
    """The newest interpreter of each minor version, of those that are wanted and there."""
    best: dict[str, Interpreter] = {}
    for path in dict.fromkeys(path.resolve() for path in candidates(wanted) if path.parent.name not in SLOW):
        one = asked(path)
        if one is not None and one.minor in wanted and (one.minor not in best or best[one.minor].version < one.version):
            best[one.minor] = one
    return {minor: best[minor] for minor in wanted if minor in best}


def candidates(wanted: Sequence[str]) -> Iterator[Path]:
    """Programs that may be an interpreter, some of them by several names."""
    for name in [*(f"python{minor}" for minor in wanted), "python3", "python"]:
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            if (there := shutil.which(name, path=folder)) is not None:
                yield Path(there)
    for prefix in folders():
        for name in ("bin/python3", "bin/python3.[0-9][0-9]", "bin/python", "python.exe"):
            yield from sorted(prefix.glob(name))


def folders() -> Iterator[Path]:
    """Where version managers put interpreters, each a prefix of its own."""
    home = Path.home()

    def place(variable: str, otherwise: Path) -> Path:
        return Path(os.environ.get(variable) or otherwise)

    yield from _children(place("PYENV_ROOT", home / ".pyenv") / "versions")
    yield from _children(place("UV_PYTHON_INSTALL_DIR", home / ".local" / "share" / "uv" / "python"))
    yield from _children(place("ASDF_DATA_DIR", home / ".asdf") / "installs" / "python")
    yield from _children(place("MISE_DATA_DIR", home / ".local" / "share" / "mise") / "installs" / "python")
    listed = home / ".conda" / "environments.txt"
    if listed.is_file():
        yield from (Path(line) for line in listed.read_text(encoding="utf-8").splitlines() if line)
    for name in ("miniconda3", "miniforge3", "mambaforge", "anaconda3"):
        yield home / name
        yield from _children(home / name / "envs")
    for root in (Path("/opt"), Path("/usr/local/opt"), Path("/opt/homebrew/opt"), Path("/opt/python")):
        yield from _children(root)
    yield from _children(Path("/opt/conda/envs"))
    yield from (Path("/usr/local"), Path("/opt/homebrew"))
    yield from _children(Path("/Library/Frameworks/Python.framework/Versions"))


def asked(path: Path) -> Interpreter | None:
    """What an interpreter says of itself; none if it is no CPython, cannot make environments, or is one of these."""
    try:
        done = subprocess.run(
            [str(path), "-I", "-c", ASKED], capture_output=True, text=True, check=True, timeout=ANSWER_S
        )
        version, implementation, prefix = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    own = next(Path(prefix).glob(f"bin/python{version[0]}.{version[1]}"), path)  # that of an environment may go away
    return Interpreter((version[0], version[1], version[2]), own) if implementation == "CPython" else None


def _children(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_dir())


if __name__ == "__main__":
    sys.exit(main())
