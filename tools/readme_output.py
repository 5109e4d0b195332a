"""Runs the consoles of README.md and writes what they print below each call.

    python tools/readme_output.py [--check]

Calls run one after the other in a temporary folder, as a reader would type them; the training takes some minutes.
`--check` changes nothing and says whether README.md would change.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READERS_FOLDER = "/home/you"  # in place of the temporary one
CONSOLE = re.compile(r"(?<=^```console\n).*?(?=^```)", re.DOTALL | re.MULTILINE)
CALL = re.compile(r"^\$ (.+)$", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrites README.md; with `--check`, 1 if it would change."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args(arguments).check
    readme = ROOT / "README.md"
    before = readme.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        (folder / "recipes").symlink_to(ROOT / "recipes")
        after = with_output(before, lambda words: output_of(words, folder))
    if not check:
        readme.write_text(after, encoding="utf-8")
    return int(check and before != after)


def with_output(text: str, run: Callable[[list[str]], str]) -> str:
    """The text, each call in its consoles followed by what `run` gives for it."""
    return CONSOLE.sub(lambda console: _filled(console[0], run), text)


def output_of(words: list[str], folder: Path) -> str:
    """What a call of `fpverify` prints on standard output.

    Raises:
        SystemExit: it came to no decision; says why.
    """
    if words[0] != "fpverify":
        raise SystemExit(f"README.md: only fpverify is called in consoles, not {words[0]}")
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 1}:
        raise SystemExit(f"{shlex.join(words)}: {done.stderr.strip()}")
    return done.stdout.replace(str(folder), READERS_FOLDER)


def _filled(console: str, run: Callable[[list[str]], str]) -> str:
    calls = [(call[0], run(shlex.split(call[1]))) for call in CALL.finditer(console)]
    return "".join(f"{line}\n{output.rstrip()}\n" for line, output in calls)


if __name__ == "__main__":
    sys.exit(main())
