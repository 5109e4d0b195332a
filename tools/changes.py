"""Fragments of the changelog: what the next release will say, whether all that changed is said, and the cut.

    python tools/changes.py                                      # what the next release will say
    python tools/changes.py --check                              # 1 if a fragment is malformed, or a change unsaid
    python tools/changes.py --release 1.0.0 --date 2026-01-31    # writes version and changelog, removes fragments
    python tools/changes.py --baseline                           # takes today's public names for those of the release

A fragment is a file `changes/<words>.<kind>.md`, see `changes/README.md`; two branches never write the same one. A line
`public: ...` names what of docs/public.txt it speaks of. Everything of that list which is not as in
`changes/public.txt`, the list of the last release, has to be named by one; what is gone, by one that says so.

A script, and none of the ready ones: those write fragments above what an earlier habit left under "Unreleased", and
this one merges both; and none knows of a list of public names.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FRAGMENTS = ROOT / "changes"
RELEASED = FRAGMENTS / "public.txt"
PUBLIC = ROOT / "docs" / "public.txt"
CHANGELOG = ROOT / "CHANGELOG.md"
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Speed", "Scores", "Formats")  # as shown
TAKING = {"changed", "removed"}  # kinds that may take a public name away
NAME = re.compile(rf"[a-z0-9][a-z0-9-]*\.({'|'.join(kind.lower() for kind in KINDS)})\.md")
VERSION = re.compile(r"\d+\.\d+\.\d+(?:(?:a|b|rc)\d+)?")
UNRELEASED = "## [Unreleased]\n"
STATED = {  # where a version is written down, and as what
    ROOT / "fpverify" / "__init__.py": '__version__ = "{}"',
    ROOT / "CITATION.cff": "version: {}",
}


@dataclass(frozen=True)
class Fragment:
    """One change.

    Attributes:
        name: of its file.
        kind: heading of the changelog, in small letters.
        text: what a user reads, without the dash.
        covers: beginnings of lines of docs/public.txt that it speaks of.
    """

    name: str
    kind: str
    text: str
    covers: tuple[str, ...] = ()


def main(arguments: Sequence[str] | None = None) -> int:
    """Does what was asked for; 1 if `--check` found something."""
    given = _parsed(arguments)
    fragments, flaws = read_fragments(FRAGMENTS)
    flaws += unsaid(_lines(RELEASED), _lines(PUBLIC), fragments)
    if given.baseline:
        RELEASED.write_text(PUBLIC.read_text(encoding="utf-8"), encoding="utf-8")
    elif given.release and not flaws:
        cut(given.release, given.date, fragments)
    elif not given.check:
        print(draft(sections(CHANGELOG.read_text(encoding="utf-8"), fragments)), end="")
    if given.check or given.release:
        print("".join(f"{flaw}\n" for flaw in flaws), end="", file=sys.stderr)
        return int(bool(flaws))
    return 0


def read_fragments(folder: Path) -> tuple[list[Fragment], list[str]]:
    """All fragments of a folder in the order of their names, and a line for each file that is none."""
    found: list[Fragment] = []
    flaws: list[str] = []
    for path in sorted(folder.glob("*.md")):
        if path.name == "README.md":
            continue
        text, covers = _split(path.read_text(encoding="utf-8"))
        kind = NAME.fullmatch(path.name)
        if kind is None:
            flaws.append(f"{path.name}: a fragment is called <words>.<kind>.md, of kind {', '.join(KINDS).lower()}")
        elif not text or text.startswith(("-", "#")):
            flaws.append(f"{path.name}: a fragment is a sentence or two, without a dash or a heading")
        else:
            found.append(Fragment(path.name, kind[1], text, covers))
    return found, flaws


def unsaid(before: Sequence[str], after: Sequence[str], fragments: Sequence[Fragment]) -> list[str]:
    """A line for each public name that is new, gone or another, and that no fragment names."""
    flaws = []
    for line in sorted(set(before) ^ set(after)):
        is_gone = line in set(before) and _named(line) not in set(map(_named, after))
        kinds = {one.kind for one in fragments if any(_named(line, whole=True).startswith(name) for name in one.covers)}
        word = "gone" if is_gone else "another" if _named(line) in set(map(_named, before)) else "new"
        if not (kinds & TAKING if is_gone else kinds):
            wanted = " of kind changed or removed" if is_gone else ""
            flaws.append(f"docs/public.txt: {word}, and in no fragment{wanted}: {line}")
    return flaws


def sections(changelog: str, fragments: Sequence[Fragment]) -> dict[str, list[str]]:
    """Items by heading: of the fragments, and below them what stands under "Unreleased"."""
    unreleased = changelog.partition(UNRELEASED)[2].partition("\n## ")[0]
    there = dict(_headed(unreleased))
    return {
        kind: [*(f"- {one.text}" for one in fragments if one.kind == kind.lower()), *there.get(kind, [])]
        for kind in [*KINDS, *(title for title in there if title not in KINDS)]
    }


def draft(by_kind: Mapping[str, Sequence[str]]) -> str:
    """The items with their headings, as the changelog has them."""
    shown = [(kind, items) for kind, items in by_kind.items() if items]
    return "\n".join(f"### {kind}\n\n" + "".join(f"{one}\n" for one in items) for kind, items in shown)


def cut(version: str, day: str, fragments: Sequence[Fragment]) -> None:
    """Writes the version wherever one is stated, and the changelog; takes the fragments away.

    Raises:
        SystemExit: it is no version, or the changelog has it already.
    """
    text = CHANGELOG.read_text(encoding="utf-8")
    if not VERSION.fullmatch(version) or f"## [{version}]" in text:
        raise SystemExit(f"{version}: not a version like 1.2.3, or one that CHANGELOG.md has already")
    before, _, after = text.partition(UNRELEASED)
    later = "\n## " + after.partition("\n## ")[2] if "\n## " in after else ""
    said = draft(sections(text, fragments))
    CHANGELOG.write_text(f"{before}{UNRELEASED}\n## [{version}] - {day}\n\n{said}{later}", encoding="utf-8")
    for path, form in STATED.items():
        pattern = re.escape(form).replace(r"\{\}", r"[^\"\n]+")
        written = re.sub(rf"^{pattern}$", form.format(version), path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        path.write_text(written, encoding="utf-8")
    for one in fragments:
        (FRAGMENTS / one.name).unlink()
    RELEASED.write_text(PUBLIC.read_text(encoding="utf-8"), encoding="utf-8")


def _split(text: str) -> tuple[str, tuple[str, ...]]:
    """A fragment's own words, and what its line `public: ...` names."""
    lines = text.strip().splitlines()
    stated = [line.removeprefix("public:") for line in lines if line.startswith("public:")]
    words = "\n  ".join(line.strip() for line in lines if not line.startswith("public:") and line.strip())
    return words, tuple(name.strip() for line in stated for name in line.split(";") if name.strip())


def _headed(text: str) -> Iterator[tuple[str, list[str]]]:
    """Headings of the third level with their items, each with the lines that go on with it."""
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        title, _, body = part.partition("\n")
        yield title.strip(), [f"- {item.rstrip()}" for item in re.split(r"^- ", body, flags=re.MULTILINE)[1:]]


def _named(line: str, *, whole: bool = False) -> str:
    """What a line of the list is about: without "class ", and without its signature or codes unless `whole`."""
    stripped = line.removeprefix("class ")
    return stripped if whole else re.split(r"\(|: \d| \(empty here\)", stripped, maxsplit=1)[0].rstrip()


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith(("#", "["))]


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="print what is wrong, and end with 1")
    what.add_argument("--release", metavar="VERSION", help="write a release of that version")
    what.add_argument("--baseline", action="store_true", help="take docs/public.txt as it is for the last release's")
    parser.add_argument("--date", default=date.today().isoformat(), help="of the release; today if not given")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
