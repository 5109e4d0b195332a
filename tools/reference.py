"""Writes what docs/reference/ says of commands, routes and Python names: from the parsers, the service, the package.

    python tools/reference.py [--check]

Commands are described by click's own parsers, routes by the service's OpenAPI document with a call of each in curl,
Python and JavaScript, and Python names by their docstrings, which the site fetches where a page names them. `--check`
writes nothing and ends with 1 if a page is another by now.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from public_names import commands, openapi, option, schema_fields
from route_calls import CALLS, curl, javascript, python

import fpverify
from fpverify import errors
from fpverify.cli.program import program

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
MADE = "<!-- made by `python tools/reference.py`, never by hand -->\n\n"

ROOMS = {  # page, title, what its reader wants, the names: in the order of learning
    "decisions": (
        "Verifying and identifying",
        "Enroll, verify, identify: the object that an application holds, and what it answers.",
        "Verifier Decision Identification Candidate AssignedProbe OperatingPoint Interval Score Reference Matcher "
        "compare explain Explanation PadDetector PadResult Client",
    ),
    "scans": (
        "Scans and templates",
        "What a scan is read from, what is kept of it, and synthetic ones.",
        "read_scan scan_from_bytes scan_from_pixels write_scan Scan ScanSource TakenScan Template Minutiae synthesise "
        "Finger FINGERS",
    ),
    "measuring": (
        "Measuring",
        "Error rates of a folder, of a store, or of anybody's scores.",
        "evaluate Evaluation read_scores write_scores SetResolution",
    ),
    "records": (
        "Minutiae records",
        "Templates of other people's software, in and out.",
        "extract_minutiae MinutiaRecord FingerView read_minutiae write_minutiae minutiae_from_bytes minutiae_to_bytes",
    ),
    "cards": (
        "Cards and slaps",
        "Pictures in ANSI/NIST files and image records; hands, finger by finger.",
        "read_images write_images images_from_bytes images_to_bytes ImageRecord FingerImage HandReader HandScan Hands",
    ),
    "enrolling": (
        "Stores and lists",
        "What is enrolled, and many fingers at once.",
        "Store FingerSummary EnrollmentRow RowOutcome read_rows",
    ),
}
BESIDE = {"decisions": ("fpverify.client.AsyncClient", "fpverify.client.RawScan")}  # public, in rooms of their own
PIPE = "\\|"  # within a table
KINDS = {"multipart/form-data": "form", "application/json": "JSON", "application/x-ndjson": "lines of JSON"}
# Said by the first page, and by the one of errors.
ELSEWHERE = {"__version__", "errors", "FpverifyError", "FpverifyDeprecationWarning"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the pages; with `--check`, 1 if one would change."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args(arguments).check
    changed = [name for name, text in pages().items() if not _stands(FOLDER / name, text, write=not check)]
    for name in changed:
        print(f"docs/reference/{name} {'is another by now' if check else 'written'}")
    return int(check and bool(changed))


def pages() -> dict[str, str]:
    """Name and text of each page."""
    made = {"commands.md": commands_page(), "http.md": http_page(openapi()), "python.md": python_page()}
    made |= {f"{room}.md": room_page(room) for room in ROOMS}
    made |= {"errors.md": errors_page(), "answers.md": answers_page()}
    return {name: text.replace("\n\n", f"\n\n{MADE}", 1) for name, text in made.items()}  # below the title


# --- Python -----------------------------------------------------------------------------------------------------------


def python_page() -> str:
    """Every public name with the first sentence of its docstring, and where it is described."""
    named = {name: room for room, (_, _, names) in ROOMS.items() for name in names.split()}
    unknown = set(fpverify.__all__) ^ (set(named) | ELSEWHERE)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise SystemExit(f"tools/reference.py: in ROOMS or in fpverify.__all__, not in both: {names}")
    parts = [
        "# Python: every public name\n",
        "What `from fpverify import ...` gives, each with its page. [Python](../python.md) is the introduction, "
        "[public.txt](../public.txt) the same as a list of signatures. `fpverify.__version__` is the version, and "
        "[`fpverify.errors`](errors.md) all that can go wrong, with `FpverifyError` as its root.\n",
    ]
    for room, (title, wanted, names) in ROOMS.items():
        parts += [f"## {title}\n", f"{wanted}\n", "| name | |", "|---|---|"]
        parts += [f"| [`{name}`]({room}.md#fpverify.{name}) | {_first_sentence(name)} |" for name in names.split()]
        parts.append("")
    return "\n".join(parts)


def room_page(room: str) -> str:
    """The names of one page, which the site describes by their docstrings."""
    title, wanted, names = ROOMS[room]
    places = [f"fpverify.{name}" for name in names.split()]
    lines = [f"::: {place}\n" for place in [*places, *BESIDE.get(room, ())]]
    return "\n".join([f"# {title}\n", f"{wanted} [All names](python.md).\n", *lines])


def errors_page() -> str:
    """The tree of errors."""
    kinds = list(_tree(errors.FpverifyError))
    drawn = [f"{'  ' * depth}{kind.__name__}" for depth, kind in kinds]
    rows = [f'| <a id="{kind.__name__}"></a>`{kind.__name__}` | {_cell(_line(kind.__doc__))} |' for _, kind in kinds]
    return "\n".join(
        [
            "# Errors\n",
            "What calls raise, commands end with (exit code 3) and the service names in `error`: one tree, in "
            "`fpverify.errors`. Catch the branch that you can do something about.\n",
            "```text",
            *drawn,
            "```\n",
            "::: fpverify.FpverifyError\n",
            "## Each of them\n",
            "| error | |",
            "|---|---|",
            *rows,
            "",
            "## What will go\n",
            "[What may change](../stability.md#notice) says how long there is.\n",
            "::: fpverify.FpverifyDeprecationWarning\n",
        ]
    )


def _tree(kind: type[Exception], depth: int = 0) -> Iterator[tuple[int, type[Exception]]]:
    yield depth, kind
    for one in sorted(kind.__subclasses__(), key=lambda one: one.__name__):
        if one.__module__ == errors.__name__:
            yield from _tree(one, depth + 1)


def _first_sentence(name: str) -> str:
    value = getattr(fpverify, name)
    own = inspect.isclass(value) or inspect.isfunction(value)
    return _cell(_line(inspect.getdoc(value))) if own else _cell(ALIASES[name])


ALIASES = {
    "Finger": "The name of a finger, as ISO/IEC 19794 has them in English: the type.",
    "FINGERS": "All names of fingers.",
    "ScanSource": "What a scan is read from: a path, bytes, a file, an image, an array, a `Scan`.",
}


def _line(text: str | None) -> str:
    return " ".join((text or "").strip().split("\n\n")[0].split())


def _code(text: str) -> str:
    return f"`{text.replace('|', PIPE)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("[", "\\[") if "`" not in text else text.replace("|", "\\|")


# --- answers ----------------------------------------------------------------------------------------------------------


def answers_page() -> str:
    """The fields that commands print with `--json`, from the list of public names."""
    listed = (ROOT / "docs" / "public.txt").read_text(encoding="utf-8").partition("\n[JSON]\n")[2]
    fields: dict[str, list[str]] = {}
    for line in listed.splitlines():
        command, _, name = line.partition(": ")
        fields.setdefault(command, []).append(name)
    parts = [
        "# Fields of answers\n",
        "What each command prints with `--json`: every field that programs may rely on. `[]` is each item of a list, "
        "`.*` are names that come with the data. [Formats](../formats.md) says what the fields mean.\n",
    ]
    for command, names in fields.items():
        anchor_of = " ".join(word for word in command.split() if not word.startswith("--"))
        said = [name if " " in name and "(" not in name else f"`{name}`" for name in names]
        place = f"commands.md#fpverify-{anchor_of.replace(' ', '-')}"
        parts.append(f"## {command}\n\n[`fpverify {anchor_of}`]({place}) prints")
        parts.append(f"{', '.join(said)}.\n")
    return "\n".join(parts)


# --- commands ---------------------------------------------------------------------------------------------------------


def commands_page() -> str:
    """Every command with what it takes, as its own parser says."""
    described = list(commands(program))
    parts = [
        "# Commands\n",
        "Every command with all that it takes; `fpverify COMMAND --help` says the same. "
        "[The command line](../command-line.md) has what they share: completion, colours, exit codes.\n",
        "| | |",
        "|---|---|",
    ]
    for path, one in described:
        parts.append(f"| [`{path}`](#fpverify-{path.replace(' ', '-')}) | {_cell(_line(one.help))} |")
    return "\n".join([*parts, "", *(command_text(path, one) for path, one in described)])


def command_text(path: str, command: click.Command) -> str:
    """One command: its words, a table of its options, examples."""
    context = click.Context(command, info_name=f"fpverify {path}")
    usage = command.get_usage(context).removeprefix("Usage: ")
    parts = [f"## `fpverify {path}`\n", f"```text\n{' '.join(usage.split())}\n```\n", _paragraphs(command.help)]
    rows = [
        f"| {_code(option(one))} | {_cell(_help_of(one, context))} |"
        for one in command.params
        if isinstance(one, click.Option) and not one.hidden
    ]
    if rows:
        parts += ["| option | |", "|---|---|", *rows, ""]
    if command.epilog:
        parts.append(f"```text\n{command.epilog.replace(chr(8), '').strip()}\n```\n")
    return "\n".join(parts)


def _help_of(one: click.Option, context: click.Context) -> str:
    record = one.get_help_record(context)
    return " ".join((record[1] if record else "").split()).removesuffix(" [required]")  # the name says so


def _paragraphs(text: str | None) -> str:
    blocks = inspect.cleandoc(text or "").split("\n\n")
    shown = [_verbatim(one) if one.startswith("\b") else " ".join(one.split()) for one in blocks]
    return "\n\n".join(shown).replace("<", "&lt;") + "\n"


def _verbatim(text: str) -> str:
    return f"```text\n{text.strip()[1:].strip()}\n```"


# --- routes -----------------------------------------------------------------------------------------------------------


def http_page(document: dict[str, Any]) -> str:
    """Every route with what it takes and gives, and a call of it in three languages."""
    described = {
        f"{method.upper()} {path}": stated
        for path, methods in document["paths"].items()
        for method, stated in methods.items()
    }
    if set(described) != set(CALLS):
        alone = ", ".join(sorted(set(described) ^ set(CALLS)))
        raise SystemExit(f"tools/route_calls.py: calls without a route, or the other way: {alone}")
    parts = [
        "# Routes\n",
        "Each route of the service with what it takes and gives, and a call of it that can be typed as it stands. "
        "[Over HTTP](../http.md) is the introduction. In all calls `URL` is where the service answers, such as "
        "`http://127.0.0.1:8000`, and `KEY` a key of the scope that is named; Python's need nothing but `fpverify`, "
        "JavaScript's a browser or Node.js 18, and `scan` (and `other`, where there are two), a `Blob` of the file.\n",
        "| route | scope | |",
        "|---|---|---|",
    ]
    parts += [
        f"| [`{route}`](#{anchor(route)}) | {scope(stated)} | {_cell(sentence(stated))} |"
        for route, stated in described.items()
    ]
    return "\n".join([*parts, "", *(route_text(route, one, document) for route, one in described.items())])


def route_text(route: str, stated: dict[str, Any], document: dict[str, Any]) -> str:
    """One route."""
    call = CALLS[route]
    words = re.sub(r"\s*Takes a key of the scope `\w+`\.", "", stated.get("description", ""))
    parts = [f"## `{route}`\n", f"{words}\n", f"Scope of the key: {scope(stated)}.\n"]
    parts += [*taken(stated, document), *given(stated, document)]
    parts += [f"```bash\n{curl(route, call)}\n```\n", f"```python\n{python(call)}\n```\n"]
    parts += [f"```javascript\n{javascript(route, call)}\n```\n", *codes(stated)]
    return "\n".join(parts)


def anchor(route: str) -> str:
    """The name of a route's heading, as GitHub and the site make it."""
    return re.sub(r"[^\w\- ]", "", route.lower()).replace(" ", "-")


def scope(stated: dict[str, Any]) -> str:
    """The scope that a route asks for."""
    found = re.search(r"Takes a key of the scope `(\w+)`", stated.get("description", ""))
    return f"`{found[1]}`" if found else "none"


def sentence(stated: dict[str, Any]) -> str:
    """What a route does, in its first sentence."""
    return _line(stated.get("description"))


def taken(stated: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    """A table of what a route takes."""
    places: dict[tuple[str, str], list[str]] = {}
    for one in stated.get("parameters", ()):
        places.setdefault((one["name"], _about(one)), []).append(one["in"])
    for kind, content in stated.get("requestBody", {}).get("content", {}).items():
        fields = resolved(content.get("schema", {}), document).get("properties", {})
        for name, one in (fields or {"the body": {"description": "A line of JSON for each scan."}}).items():
            places.setdefault((name, _about(one)), []).append(KINDS.get(kind, kind))
    rows = [f"| `{name}` | {', '.join(where)} | {_cell(about)} |" for (name, about), where in places.items()]
    if rows:
        yield from ("| takes | in | |", "|---|---|---|", *rows, "")


def given(stated: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    """The fields of a route's answer."""
    done: dict[str, Any] = next((one for code, one in stated["responses"].items() if code.startswith("2")), {})
    schema = done.get("content", {}).get("application/json", {}).get("schema", {})
    fields = schema_fields(schema, document)
    if fields:
        yield f"Gives {', '.join(f'`{name}`' for name in fields)}.\n"


def codes(stated: dict[str, Any]) -> Iterator[str]:
    """What the statuses mean."""
    wrong = {code: one["description"] for code, one in sorted(stated["responses"].items())}
    yield from ("| status | |", "|---|---|", *(f"| {code} | {_cell(text)} |" for code, text in wrong.items()), "")


def resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """A schema, or the one that it refers to."""
    if "$ref" not in schema:
        return schema
    where: Any = document
    for name in schema["$ref"].removeprefix("#/").split("/"):
        where = where[name]
    found: dict[str, Any] = where
    return found


def _about(one: dict[str, Any]) -> str:
    return " ".join((one.get("description") or one.get("schema", {}).get("description") or "").split())


def _stands(path: Path, text: str, *, write: bool) -> bool:
    stands = path.exists() and path.read_text(encoding="utf-8") == text
    if write and not stands:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return stands


if __name__ == "__main__":
    sys.exit(main())
