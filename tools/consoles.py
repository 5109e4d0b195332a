"""Runs the consoles of documents, each document in one shell of its own, and writes what they print below each call.

    python tools/consoles.py [--check] DOCUMENT...

A block of code that begins with the name of its file (`# door.py`) is saved under it first, and `recipes` is there.
`fpverify serve` gets a free port in place of 8000. Output that is shown as … may be anything; a line with ... in it may
have anything there. `--check` writes nothing, and ends with 1 and what differs; numbers may, for they do from one
machine to the next.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSOLE = re.compile(r"(?<=^```console\n).*?(?=^```)", re.DOTALL | re.MULTILINE)
FILE = re.compile(r"^```\w+\n# ([\w-]+\.\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
CALL = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n?)*)", re.MULTILINE)
NUMBER = re.compile(r"\d[\d.,e+-]*")
UNFILLED = "…"
READERS_FOLDER = "/home/you"
LONGEST_S = 900
SHELL = """\
set -u
trap 'kill $(jobs -p) 2>/dev/null' EXIT
curl() { command curl --fail --silent --show-error --retry-connrefused --retry 60 --retry-delay 1 "$@"; }
ended() { echo $? > "$1"; }
"""


@dataclass(frozen=True)
class Call:
    """One line of a console.

    Attributes:
        line: as it is typed.
        shown: what the document says that it prints.
    """

    line: str
    shown: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrites the documents; with `--check`, 1 if one shows something else."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("documents", nargs="+", type=Path)
    given = parser.parse_args(arguments)
    wrong: list[str] = []
    for path in given.documents:
        text = path.read_text(encoding="utf-8")
        printed = run(text)
        wrong += [f"{path}: {line}" for line in differences(calls(text), printed)]
        if not given.check:
            path.write_text(filled(text, printed), encoding="utf-8")
    if given.check:
        sys.stdout.writelines(f"{line}\n" for line in wrong)
    return int(given.check and bool(wrong))


def calls(text: str) -> list[Call]:
    """All lines that are typed in a document's consoles, in their order."""
    found = [call for console in CONSOLE.findall(text) for call in CALL.findall(console)]
    return [Call(line, shown.strip()) for line, shown in found]


def run(text: str, recipes: Path = ROOT / "recipes") -> list[str]:
    """What each line prints on standard output.

    Args:
        text: of a document.
        recipes: the folder that lines know as `recipes`.

    Raises:
        SystemExit: a line failed; says which and why.
    """
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        for name, content in FILE.findall(text):
            (folder / name).write_text(content, encoding="utf-8")
        (folder / "recipes").symlink_to(recipes)
        return _run(calls(text), folder)


def _run(lines: Sequence[Call], folder: Path) -> list[str]:
    outputs = folder / ".outputs"
    outputs.mkdir()
    port = str(_free_port())
    script = SHELL + "".join(_typed(call.line.replace(":8000", f":{port}"), port, n) for n, call in enumerate(lines))
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_S,
    )
    for number, call in enumerate(lines):
        code = int((outputs / f"{number}.code").read_text())
        if code not in ({0, 1} if call.line.startswith("fpverify ") else {0}):
            raise SystemExit(f"{call.line}: ended with {code}: {done.stderr.strip()[-2000:]}")
    said = [(outputs / f"{number}.out").read_text(encoding="utf-8") for number in range(len(lines))]
    return [one.replace(str(folder), READERS_FOLDER).replace(f":{port}", ":8000").strip() for one in said]


def _typed(line: str, port: str, number: int) -> str:
    """A line of the script: the call with its output in a file, unless it sets a variable or runs on by itself."""
    line = re.sub(r"\bfpverify serve\b", f"fpverify serve --port {port}", line)
    out = f".outputs/{number}.out"
    if line.endswith(" &"):
        return f"{line.removesuffix('&')} > {out} 2> {out}.err &\necho 0 > .outputs/{number}.code\n"
    return f"{{ {line}\n}} > {out} < /dev/null\nended .outputs/{number}.code\n"


def _environment(folder: Path) -> dict[str, str]:
    """Variables of a user who has just arrived."""
    command = folder / ".bin" / "fpverify"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m fpverify "$@"\n')
    command.chmod(0o755)
    for name in ("python", "python3"):
        (command.parent / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
        (command.parent / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FPVERIFY_", "XDG_"))}
    path = os.pathsep.join([str(command.parent), os.environ.get("PATH", "")])
    modules = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return kept | {"PATH": path, "PYTHONPATH": modules, "HOME": str(folder), "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
        return number


def differences(lines: Sequence[Call], printed: Sequence[str]) -> Iterator[str]:
    """What the document shows other than what was printed, a line for each call."""
    for call, output in zip(lines, printed, strict=True):
        if call.shown != UNFILLED and not agrees(call.shown, output):
            yield f"{call.line}: shows {call.shown!r:.400} and prints {output!r:.400}"


def agrees(shown: str, printed: str) -> bool:
    """Whether output is as shown, but for numbers and for what ... stands for."""
    parts = [re.escape(masked(part).strip(", ")) for part in shown.split("...")]
    return re.fullmatch(r".*?".join(parts), masked(printed), re.DOTALL) is not None


def masked(text: str) -> str:
    """Output without what may differ from one machine to the next: numbers, and how wide they are."""
    return " ".join(NUMBER.sub("#", text).split())


def filled(text: str, printed: Sequence[str]) -> str:
    """The document with what each line prints; what is shown in part stays as it is."""
    left = iter(printed)

    def shown(call: re.Match[str]) -> str:
        output, before = next(left), call[2].strip()
        kept = before if before == UNFILLED or "..." in before else output
        return f"$ {call[1]}\n" + (f"{kept}\n" if kept else "")

    return CONSOLE.sub(lambda console: CALL.sub(shown, console[0]), text)


if __name__ == "__main__":
    sys.exit(main())
