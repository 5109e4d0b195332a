"""The options that several commands share, and the kinds of value they take."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from functools import partial, reduce, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from fpverify.settings import VARIABLE_PREFIX, load_settings, parse_fmr, parse_index, parse_ppi, parse_workers

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from fpverify.executors import Workforce
    from fpverify.search.register import Registers
    from fpverify.store import Store
    from fpverify.verifier import Verifier

Command = TypeVar("Command", bound=Callable[..., Any])
TRUST_VARIABLE = f"{VARIABLE_PREFIX}TRUST_PERMISSIONS"
PICTURES = (".png", ".svg", ".pdf")
Decorator = Callable[[Command], Command]


class Parsed(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.3
    """A value that a function of `fpverify.settings` parses."""

    def __init__(self, name: str, parse: Callable[[object], object]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> object:
        """The parsed value; what cannot be parsed is wrong use."""
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Finger(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.3
    """The name of a finger, as the store has it."""

    name = "finger"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name; one that no finger has is wrong use."""
        from fpverify.store import FINGER_CODES

        if value not in FINGER_CODES:
            self.fail(f"{value!r} is no finger; the names are {', '.join(FINGER_CODES)}", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin so."""
        from click.shell_completion import CompletionItem

        from fpverify.vocabulary import FINGERS

        return [CompletionItem(name) for name in FINGERS if name.startswith(incomplete)]


class Span(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.3
    """One number, or two as LOW:HIGH from which each scan draws its own."""

    name = "low:high"

    def __init__(self, number: type[int] | type[float], least: float) -> None:
        self._number = number
        self._least = least

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        """(low, high); anything else is wrong use."""
        if isinstance(value, tuple):
            return value
        try:
            ends = [self._number(part) for part in str(value).split(":")]
        except ValueError:
            ends = []
        if len(ends) not in {1, 2} or not self._least <= ends[0] <= ends[-1] < float("inf"):
            self.fail(f"{value!r} is neither a number nor LOW:HIGH of at least {self._least:g}", param, ctx)
        return ends[0], ends[-1]


class Size(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.3
    """A picture's width and height in pixels as WxH."""

    name = "WxH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """(width, height); anything else is wrong use."""
        if isinstance(value, tuple):
            return value
        sides = str(value).lower().split("x")
        if len(sides) != 2 or not all(side.isascii() and side.isdigit() and 0 < int(side) < 65536 for side in sides):
            self.fail(f"{value!r} is no size in pixels, such as 388x374", param, ctx)
        return int(sides[0]), int(sides[1])


class OutputFile(click.ParamType):  # type: ignore[type-arg]  # not generic before click 8.3
    """A file to be written; its folder, and what draws it, have to be there before the long work begins."""

    name = "file"

    def __init__(self, endings: tuple[str, ...] = (), *, or_folder: bool = False, drawn: str = "") -> None:
        """What it may be.

        Args:
            endings: of its name; none takes any.
            or_folder: it may be a folder.
            drawn: what it is, where the extra "plots" makes it, unless it is JSON.
        """
        self._endings = endings
        self._or_folder = or_folder
        self._drawn = drawn

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path; one that cannot be written is wrong use."""
        path = Path(value)
        if self._endings and path.suffix.lower() not in self._endings:
            self.fail(f"{value!r} ends in none of {', '.join(self._endings)}", param, ctx)
        if (path.is_dir() and not self._or_folder) or not path.absolute().parent.is_dir():
            self.fail(f"{value!r} cannot be written: {_obstacle(path)}", param, ctx)
        if self._drawn and path.suffix.lower() != ".json":
            require_plots(self._drawn)
        return path

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Names of files, which the shell knows."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


def require_plots(who: str) -> None:
    """Nothing, if pictures and pages can be made.

    Raises:
        MissingExtra: they cannot; the message says what `who` needs.
    """
    from fpverify.extras import require

    require("plots", who)


def _obstacle(path: Path) -> str:
    return "it is a folder" if path.is_dir() else f"there is no folder {str(path.parent)!r}"


def existing_store(db: str | None, key: str | None) -> Store:
    """The store that the settings name; there has to be one."""
    from fpverify.store import Store

    settings = load_settings(db=db, key=key)
    return Store.open(settings.db, create=False, key=settings.key, trust_permissions=settings.trust_permissions)


def _trust(context: click.Context, _: click.Parameter, value: bool) -> None:
    """Sets the variable of the setting for as long as a command runs, so that all that reads settings knows."""
    if value:
        before = os.environ.get(TRUST_VARIABLE)
        os.environ[TRUST_VARIABLE] = "yes"
        context.call_on_close(partial(_set_back, before))


def _keep_raw(context: click.Context, _: click.Parameter, value: tuple[int, int] | None) -> None:
    """Keeps the size of scans without a header, for whoever reads them."""
    from fpverify.cli.streams import RAW_SIZE

    context.meta[RAW_SIZE] = value


def _set_back(before: str | None) -> None:
    if before is None:
        os.environ.pop(TRUST_VARIABLE, None)
    else:
        os.environ[TRUST_VARIABLE] = before


def options(*decorators: Decorator[Any]) -> Decorator[Any]:
    """Several options as one decorator, shown by --help in this order."""
    return lambda command: reduce(lambda made, decorate: decorate(made), reversed(decorators), command)


SCAN = click.argument("scan", type=click.Path())
SCANS = click.argument("scans", type=click.Path(), nargs=-1, metavar="[SCAN]...")  # or what takes their place
SUBJECT = click.option("--id", "subject", required=True, metavar="ID", help="Subject: any text on one line.")
FINGER = click.option("--finger", type=Finger(), metavar="NAME", help="Such as right-index.")
FINGERS = click.option(
    "--finger",
    "fingers",
    type=Finger(),
    multiple=True,
    metavar="NAME",
    help="Such as right-index: one for each scan, or one for all.  [default: as they fit best]",
)
TRUST = click.option(
    "--trust-permissions",
    is_flag=True,
    expose_value=False,
    callback=_trust,
    help="Use a store and keys that other users could change.",
)
DB = options(
    click.option("--db", type=click.Path(), metavar="PATH", help="Store: a folder or file.  [default: enroll_db]"),
    TRUST,
)
KEY = click.option(
    "--key",
    metavar="SOURCE",
    help="Key: file:PATH, env:NAME, keyring:SERVICE or none.  [default: the store's own file]",
)
MODEL = click.option("--model", metavar="NAME|DIR", help="Model: installed name, or folder.  [default: the release]")
CALIBRATION = click.option(
    "--calibration", type=click.Path(), metavar="FILE", help="Of `fpverify calibrate`.  [default: the model's own]"
)
INDEX = click.option(
    "--index",
    type=Parsed("index", parse_index),
    metavar="INDEX",
    help="What finds the likeliest: auto, exact, ivf or none.  [default: auto]",
)
PPI = click.option(
    "--ppi", type=Parsed("number", parse_ppi), metavar="PPI", help="Resolution, if the file states none or a wrong one."
)
RAW = click.option(
    "--raw",
    type=Size(),
    metavar="WxH",
    expose_value=False,
    callback=_keep_raw,
    help="Scans are grey bytes, row by row, of so many pixels; --ppi says their resolution.",
)
FMR = click.option(
    "--fmr",
    type=Parsed("rate", parse_fmr),
    metavar="RATE",
    help="False match rate to decide at, such as 0.0001 or 0.01%.  [default: 0.001]",
)
WORKERS = click.option(
    "--workers", type=Parsed("number", parse_workers), metavar="N", help="Processes.  [default: one for each core]"
)
DASK = click.option("--dask", metavar="tcp://HOST:PORT", help="Work on a Dask cluster, by its scheduler's address.")
CACHE = click.option("--cache", type=click.Path(), metavar="DIR", help="Folder.  [default: the user's cache folder]")
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")


def chosen_workforce(workers: int | None, dask: str | None) -> AbstractContextManager[Workforce]:
    """Who does the work of a command: a cluster, or processes of this machine."""
    from fpverify.executors import dask_workforce, local_workforce

    return local_workforce(load_settings(workers=workers).processes) if dask is None else dask_workforce(dask)


@dataclass(frozen=True, slots=True)
class Many:
    """Where a command for many fingers works, and who does the work; as the options have it.

    Attributes:
        model, db, key, index: of the verifier.
        workers, dask: of the workforce.
    """

    model: str | None
    db: str | None
    key: str | None
    index: str | None
    workers: int | None
    dask: str | None

    def opened(self, *, create: bool, calibration: str | None = None) -> Verifier:
        """The verifier; a bar is shown while an index is built."""
        from fpverify.verifier import Verifier

        return Verifier.open(
            self.db,
            model=self.model,
            calibration=calibration,
            key=self.key,
            index=self.index,
            registers=registers_with_a_bar(self.index),
            create=create,
        )

    def workforce(self) -> AbstractContextManager[Workforce]:
        """Who does the work."""
        return chosen_workforce(self.workers, self.dask)


def many_options(command: Command) -> Command:
    """The options of a command for many fingers, which takes them together as `many`."""

    @wraps(command)
    def together(**given: Any) -> Any:
        return command(many=Many(**{one.name: given.pop(one.name) for one in fields(Many)}), **given)

    return cast(Command, options(MODEL, DB, KEY, INDEX, WORKERS, DASK)(together))


def registers_with_a_bar(index: str | None) -> Registers:
    """What is enrolled, for searching it; a bar is shown while an index is built.

    Args:
        index: as `--index` has it.
    """
    from fpverify.search.register import Registers

    return Registers(load_settings(index=index).index, progress=True)
