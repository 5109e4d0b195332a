"""Lists what others may build on, in docs/public.txt: Python names, errors, commands, HTTP routes, fields of answers.

    python tools/public_names.py [--check]

Python names come with the signatures that Python has, commands with the options that click has, routes with what the
service's own OpenAPI document says. Fields of `--json` are those that the commands print, which are run for it on the
bundled sample prints, in a temporary folder; a command that has `--json` is run or named here with the reason why not.
A name that is new, gone or another is then one line of a change. `--check` writes nothing and says whether the list is
another by now.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import inspect
import io
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

import fpverify
from fpverify import errors
from fpverify.cli import main as fpverify_main
from fpverify.cli.program import program

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "docs" / "public.txt"
AGAIN = "python tools/public_names.py"
HEAD = f"""\
# What others may build on: made by `{AGAIN}`, never by hand.
# A line that changes or goes is a change for users, and has a line in CHANGELOG.md.
# JSON: what commands print that are run for it; `.*` are names that come with the data, `[]` is each item of a list.
"""
SAMPLES = Path(fpverify.__file__).parent / "samples"
EMPTY = " (empty here)"  # behind a list of which nobody saw an item
ANSWERED = {0, 1, 4}  # exit codes: match or done, non-match, something needs attention
VARIABLES = ("FPVERIFY_", "XDG_")  # beginnings of those that could change what a command does

# Run in this order in one folder, with the samples and prints/: synthetic fingers, as few as a calibration takes.
CALLS: tuple[str, ...] = (
    "keys new --out new.key",
    "enroll A_1.bmp --id A --finger right-index",
    "enroll B_1.bmp --id B",
    "enroll --from list.csv --workers 1",
    "verify A_2.bmp --id A",
    "identify A_2.bmp",
    "watch inbox --once",
    "list",
    "show --id A",
    "update --id A --note room=7",
    "compare A_1.bmp A_2.bmp",
    "explain A_1.bmp A_2.bmp",
    "template A_1.bmp",
    "convert A_1.bmp a.fmr",
    "inspect a.fmr",
    "convert A_1.bmp a.an2",
    "inspect a.an2",
    "split a.an2 --out parts",
    "enroll A_2.bmp --id D --unchecked",
    "deduplicate --workers 1",
    "enroll --guided A_1.bmp A_2.bmp --id G --unchecked",
    "keys show",
    "keys rotate",
    "audit show",
    "audit verify",
    "audit anchor",
    "export all.fpva --plain",
    "import all.fpva --plain --db other_db",
    "migrate --workers 1",
    "evaluate prints --no-cache --workers 1 --metrics metrics.json --scores scores.csv",
    "report scores.csv",
    "calibrate prints --out own.yaml --workers 1",
    "cache info",
    "models",
    "api-keys new --name door",
    "api-keys list",
    "lab list",
    "lab table",
    "doctor --quick",
    "doctor --quick --db none_db",
    "delete --id B",
)
NOT_RUN = {
    "capture": "waits for a finger; prints what docs/formats.md says",
    "kiosk": "waits for a finger; prints what docs/readers.md says",
    "readers": "tells what is plugged in; prints what docs/formats.md says",
    "lab run": "trains for minutes; prints one of the results of `lab table`",
}
# What lies below is named by what is measured, enrolled or installed, and no name of a field.
NAMED_BY_DATA = {
    "audit show": ("entries[].details",),
    "doctor": ("extras", "store.models", "versions.libraries"),
    "lab table": ("results[].figures", "results[].versions"),
    "enroll": ("outcomes",),
    "models": (
        *("models[].files", "models[].search_files", "models[].recipe", "models[].seeds", "models[].versions"),
        *("models[].calibration", "models[].likelihood", "models[].measured[]"),
    ),
    "report": ("matchers[].metrics", "matchers[].eer_less_best", "provenance"),
    "show": ("metadata",),
    "update": ("metadata",),
    "evaluate": ("failures",),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the list; with `--check`, 1 and the lines that differ if it is another by now."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args(arguments).check
    before = LIST.read_text(encoding="utf-8") if LIST.exists() else ""
    after = public_names()
    if not check:
        LIST.write_text(after, encoding="utf-8")
        return 0
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "docs/public.txt", "now", n=0, lineterm="")
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return int(before != after)


def public_names() -> str:
    """The whole list."""
    rooms = {
        "Python: fpverify": python_names(),
        "Errors: fpverify.errors": error_names(errors.FpverifyError),
        "Commands": command_names(program),
        "HTTP": route_names(),
        "JSON": answer_names(),
    }
    return HEAD + "".join(f"\n[{name}]\n" + "".join(f"{line}\n" for line in lines) for name, lines in rooms.items())


# --- Python -----------------------------------------------------------------------------------------------------------


def python_names() -> Iterator[str]:
    """A line for each name of `fpverify.__all__`, and for what its classes have."""
    for name in sorted(fpverify.__all__, key=str.lower):
        value = getattr(fpverify, name)
        if inspect.isclass(value):
            yield f"class {name}{signature(value)}"
            yield from (f"{name}.{line}" for line in members(value))
        else:
            yield f"{name}{signature(value)}" if callable(value) else name


def members(kind: type) -> Iterator[str]:
    """Methods and properties of a class and of its bases, those of Python left out; fields are in its signature."""
    fields = getattr(kind, "__dataclass_fields__", {})
    bases = [base for base in reversed(kind.__mro__) if base.__module__ != "builtins"]
    found = {name: value for base in bases for name, value in vars(base).items()}
    for name in sorted(found):
        value = found[name]
        if name.startswith("_") or name in fields:
            continue
        if isinstance(value, property):
            yield f"{name}: {annotation(inspect.signature(value.fget).return_annotation)}"  # type: ignore[arg-type]
        elif isinstance(value, classmethod | staticmethod) or callable(value):
            yield f"{name}{signature(getattr(kind, name))}"


def signature(value: Any) -> str:
    """As Python has it, with annotations as they are written."""
    try:
        stated = inspect.signature(value)
    except (TypeError, ValueError):
        return "(...)"
    parts: list[str] = []
    is_keyword_only = False
    for one in stated.parameters.values():
        if one.name == "self":
            continue
        if one.kind is one.KEYWORD_ONLY and not is_keyword_only:
            parts.append("*")
        is_keyword_only |= one.kind in {one.KEYWORD_ONLY, one.VAR_POSITIONAL}
        stars = "*" * (one.kind is one.VAR_POSITIONAL) + "**" * (one.kind is one.VAR_KEYWORD)
        hint = "" if one.annotation is one.empty else f": {annotation(one.annotation)}"
        parts.append(f"{stars}{one.name}{hint}{default(one.default)}")
    is_class = inspect.isclass(value) or stated.return_annotation in {stated.empty, None, "None"}
    return f"({', '.join(parts)})" + ("" if is_class else f" -> {annotation(stated.return_annotation)}")


def annotation(value: Any) -> str:
    """A type as it was written in the source."""
    return value if isinstance(value, str) else getattr(value, "__name__", str(value))


def default(value: Any) -> str:
    """A default as it is written; one that is made for each call, or that has no form of its own, as dots."""
    if value is inspect.Parameter.empty:
        return ""
    plain = value is None or isinstance(value, bool | int | float | str | tuple)
    return f" = {value!r}" if plain else " = ..."


def error_names(kind: type[Exception], before: str = "") -> Iterator[str]:
    """Each error with those that it is one of."""
    path = f"{before} > {kind.__name__}".removeprefix(" > ")
    yield path
    for one in sorted(kind.__subclasses__(), key=lambda one: one.__name__):
        if one.__module__ == errors.__name__:
            yield from error_names(one, path)


# --- the command line -------------------------------------------------------------------------------------------------


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command with its path, groups left out."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        elif command is not None:
            yield " ".join((*path, name)), command


def command_names(group: click.Group) -> Iterator[str]:
    """A line for each command with its arguments, and for each of its options."""
    for path, command in commands(group):
        arguments = [one for one in command.params if isinstance(one, click.Argument)]
        yield " ".join(["fpverify", path, *(one.metavar or (one.name or "").upper() for one in arguments)])
        for one in command.params:
            if isinstance(one, click.Option):
                yield f"fpverify {path} {option(one)}"


def option(one: click.Option) -> str:
    """Its names, what it takes, and whether it has to be there or may be repeated."""
    choices = "|".join(map(str, one.type.choices)) if isinstance(one.type, click.Choice) else ""
    takes = "" if one.is_flag else f" {one.metavar or choices or one.type.name.upper()}"
    notes = [word for word, holds in (("required", one.required), ("repeated", one.multiple)) if holds]
    return "/".join((*one.opts, *one.secondary_opts)) + takes + (f" ({', '.join(notes)})" if notes else "")


# --- the service ------------------------------------------------------------------------------------------------------


def route_names() -> Iterator[str]:
    """A line for each method of a path with what it takes, and one for each field of its answer."""
    document = openapi()
    for path, methods in sorted(document["paths"].items()):
        for method, stated in sorted(methods.items()):
            route = f"{method.upper()} {path}"
            taken = sorted(f"{one['in']} {one['name']}" for one in stated.get("parameters", ()))
            for kind, content in sorted(stated.get("requestBody", {}).get("content", {}).items()):
                taken += [f"{kind} {name}" for name in schema_fields(content.get("schema", {}), document)] or [kind]
            codes = " ".join(sorted(stated["responses"]))
            yield f"{route}: {codes}"
            yield from (f"{route} takes {one}" for one in taken)
            done: dict[str, Any] = next((one for code, one in stated["responses"].items() if code.startswith("2")), {})
            answer = done.get("content", {}).get("application/json", {}).get("schema", {})
            yield from (f"{route} gives {one}" for one in schema_fields(answer, document))


def openapi() -> dict[str, Any]:
    """What the service says of itself, without a store and without being started."""
    from fpverify.service.app import create_app
    from fpverify.service.crew import Crew
    from fpverify.service.journal import Journal
    from fpverify.service.limits import Limits
    from fpverify.service.service import Service
    from fpverify.verifier import Verifier

    def never() -> Verifier:
        raise RuntimeError("nobody is to be verified here")

    service = Service(Crew(never, threads=1), Limits(), Journal(io.StringIO()))
    return create_app(service).openapi()


def schema_fields(schema: dict[str, Any], document: dict[str, Any], before: str = "") -> list[str]:
    """Dotted names of all that a schema has."""
    if "$ref" in schema:
        where: Any = document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            where = where[name]
        return schema_fields(where, document, before)
    found = [
        name
        for kind in ("anyOf", "allOf", "oneOf")
        for one in schema.get(kind, ())
        for name in schema_fields(one, document, before)
    ]
    if schema.get("type") == "array":
        found += schema_fields(schema.get("items", {}), document, f"{before}[]")
    for name, inner in schema.get("properties", {}).items():
        path = f"{before}.{name}".removeprefix(".")
        found += [path, *schema_fields(inner, document, path)]
    return sorted(set(found))


# --- answers for programs ---------------------------------------------------------------------------------------------


def answer_names() -> Iterator[str]:
    """A line for each field that a command prints with `--json`."""
    with_json = {path for path, one in commands(program) if any("--json" in each.opts for each in one.params)}
    require_all_asked(with_json)
    found: dict[str, list[str]] = {path: [reason] for path, reason in NOT_RUN.items()}
    with tempfile.TemporaryDirectory() as made, alone_in(Path(made)):
        for call in CALLS:
            path = path_of(call, with_json)
            name = f"{path} --from" if path == "enroll" and "--from" in call else path
            found.setdefault(name, []).extend(fields(printed(call), NAMED_BY_DATA.get(path, ())))
    for name in sorted(found):
        yield from (f"{name}: {one}" for one in without_empty(found[name]))


def require_all_asked(with_json: set[str]) -> None:
    """Returns if each command with `--json` is run here, or is said not to be; raises SystemExit."""
    asked = {path_of(call, with_json) for call in CALLS}
    wrong = (asked | set(NOT_RUN)) ^ with_json | asked & set(NOT_RUN)
    if wrong:
        raise SystemExit(f"tools/public_names.py: in neither CALLS nor NOT_RUN, or in both: {', '.join(sorted(wrong))}")


def without_empty(names: Iterable[str]) -> list[str]:
    """Each name once; a list that one call had empty and another had not is not called empty."""
    once = set(names)
    return sorted(one for one in once if not one.endswith(EMPTY) or one.removesuffix(EMPTY) not in once)


def path_of(call: str, known: Iterable[str]) -> str:
    """The command of a call."""
    words = call.split()
    return next((path for path in (" ".join(words[:2]), words[0]) if path in known), call)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """A block in a folder with samples, without settings or folders of the user's."""
    before, place = dict(os.environ), Path.cwd()
    for name in [one for one in os.environ if one.startswith(VARIABLES)]:
        del os.environ[name]
    os.environ |= {f"XDG_{name}_HOME": str(folder / "home" / name.lower()) for name in ("CONFIG", "CACHE", "DATA")}
    try:
        os.chdir(folder)
        for sample in SAMPLES.glob("*.bmp"):
            for copy in (Path(sample.name), Path("inbox", sample.name)):
                copy.parent.mkdir(exist_ok=True)
                copy.write_bytes(sample.read_bytes())
        Path("list.csv").write_text("id,finger,file\nC,left-index,prints/3_1.bmp\n", encoding="utf-8")
        called(["synth", "ridges", "--fingers", "10", "--impressions", "4", "--out", "prints", "--workers", "1"])
        yield
    finally:
        os.chdir(place)
        os.environ.clear()
        os.environ |= before


def printed(call: str) -> Any:
    """What a command prints with `--json`: one object, or one a line of which the first counts."""
    said = called([*call.split(), "--json"])
    return json.loads(said.splitlines()[0])


def called(words: list[str]) -> str:
    """The standard output of a command.

    Raises:
        SystemExit: it made no decision, or was used wrongly.
    """
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = fpverify_main(words)
    if code not in ANSWERED:
        raise SystemExit(f"{' '.join(words)}: ended with {code}: {err.getvalue().strip()}")
    return out.getvalue()


def fields(answer: Any, by_data: Sequence[str], before: str = "") -> list[str]:
    """Dotted names of all fields; `[]` stands for each item of a list."""
    if isinstance(answer, list):
        return sorted({name for one in answer for name in fields(one, by_data, f"{before}[]")})
    if not isinstance(answer, dict):
        return []
    if before in by_data:
        return [f"{before}.*"]
    found: list[str] = []
    for name, value in answer.items():
        path = f"{before}.{name}".removeprefix(".")
        found += [f"{path}{EMPTY}" if value == [] else path, *fields(value, by_data, path)]
    return sorted(set(found))


if __name__ == "__main__":
    sys.exit(main())
