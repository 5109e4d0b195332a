"""Holds the actions of .github/workflows to commits, which nobody can move, with the version beside as a comment.

    python tools/pin_actions.py            # names what is not pinned; 1 if something is not
    python tools/pin_actions.py --compare  # asks each repository by `git ls-remote` whether the hash is that version

`--compare` needs a way to the repositories, and writes nothing: what is pinned is changed by hand, after a look at what
changed between the two.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

WORKFLOWS = Path(__file__).resolve().parent.parent / ".github" / "workflows"
USES = re.compile(r"^\s*(?:- )?uses: *(?P<what>\S+)(?P<rest>.*)$", re.MULTILINE)
PINNED = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(?:/[\w./-]+)?@(?P<commit>[0-9a-f]{40})")
VERSION = re.compile(r" +# (?P<version>v\d+\.\d+\.\d+)$")


def main(arguments: Sequence[str] | None = None) -> int:
    """1 if an action is not pinned or, with `--compare`, not the version that stands beside it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--compare", action="store_true", help="ask the repositories")
    compare = parser.parse_args(arguments).compare
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(WORKFLOWS.glob("*.yml"))}
    flaws = [f"{name}: {flaw}" for name, text in texts.items() for flaw in unpinned(text)]
    if compare and not flaws:
        flaws = [flaw for one in sorted({one for text in texts.values() for one in pins(text)}) for flaw in moved(*one)]
    print("\n".join(flaws) if flaws else "all actions are pinned")
    return int(bool(flaws))


def unpinned(text: str) -> Iterator[str]:
    """What a workflow uses by a name that somebody can move, or without its version beside."""
    for found in USES.finditer(text):
        if not (PINNED.fullmatch(found["what"]) and VERSION.fullmatch(found["rest"])):
            yield f"{found['what']}{found['rest']} is no commit with its version (`owner/name@<40 digits>  # v1.2.3`)"


def pins(text: str) -> Iterator[tuple[str, str, str]]:
    """Repository, commit and version of each action of a workflow."""
    for found in USES.finditer(text):
        pinned, version = PINNED.fullmatch(found["what"]), VERSION.fullmatch(found["rest"])
        if pinned and version:
            yield pinned["repository"], pinned["commit"], version["version"]


def moved(repository: str, commit: str, version: str) -> Iterator[str]:
    """Says so if a version of a repository is another commit."""
    command = [
        "git",
        "ls-remote",
        f"https://github.com/{repository}",
        f"refs/tags/{version}",
        f"refs/tags/{version}^{{}}",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    commits = {line.split()[0] for line in said.stdout.splitlines()}
    if commit not in commits:
        there = ", ".join(sorted(commits)) or said.stderr.strip() or "nowhere"
        yield f"{repository} {version}: is {there}, not {commit}"


if __name__ == "__main__":
    sys.exit(main())
