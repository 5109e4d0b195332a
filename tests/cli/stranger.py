"""Runs commands as a user of whom the system knows only a number, and prints how each ended. A program for root.

python stranger.py '[["list"], ["verify", "scan.bmp", "--id=A"]]'

Root rehearses them in the folder `rehearsal`, with a home: what Python loads may lie where a stranger cannot read. Then
they run in the folder `stranger`.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

from fpverify.cli import main as fpverify

STRANGER = 54321  # id of a user, unknown to any system


def ended(words: list[str]) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        code = fpverify(words)
    return code, out.getvalue(), err.getvalue()


def main() -> None:
    commands = json.loads(sys.argv[1])
    os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_CACHE_HOME"] = str(Path("rehearsal").absolute())
    os.chdir("rehearsal")
    for words in commands:
        ended(words)
    os.chdir("../stranger")
    os.setgroups([])
    os.setgid(STRANGER)
    os.setuid(STRANGER)
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        os.environ.pop(variable, None)
    print(json.dumps([*map(ended, commands), sorted(path.name for path in Path().iterdir())]))


if __name__ == "__main__":
    main()
