"""What can be set once instead of at every call: fpverify.yaml, then FPVERIFY_*, then what the caller says.

The file lies in the working directory and holds any of the settings below, one a line:

    db: /srv/door/enroll_db
    fmr: 0.0001
    ppi: 500

A variable has the setting's name in capitals: FPVERIFY_FMR=0.0001. Every setting has a default.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, SupportsFloat

from fpverify.errors import SettingsError, UnsupportedRate

SETTINGS_FILE = "fpverify.yaml"
VARIABLE_PREFIX = "FPVERIFY_"
DEFAULT_FMR = 0.001  # one false claim in a thousand is believed: what a door or a time clock is usually set to
INDEXES = ("auto", "exact", "ivf", "none")
RESEMBLANCE = 0.75  # of a variable's name to a setting's, from which on it is taken for a slip of the pen
LIKENESS = 0.6  # of what is no setting to one, from which on it is asked whether that was meant

_ENGINE = re.compile(r"milvus(\+https)?://[^/\s@]+/\w+|milvus\+file:\S.*\.db")  # host, perhaps port, and a name


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, each with its default.

    Attributes:
        db: folder or file of the enrollment store.
        keep_scans: keep scans beside their templates, sealed, for models to come.
        keep_skin: keep of prints what touches of small sensors are compared with, 15 KB, and 24 at most.
        learn: keep strong matches of verifications as further impressions, see `fpverify.verifier.learning`.
        trust_permissions: use keys, API keys and stores that other users of the machine could change.
        note_decisions: enter verifications and identifications in the audit trail.
        key: where its key is kept, `file:PATH`, `env:NAME`, `keyring:SERVICE` or `none`; None is a file of its own.
        model: name or folder of the bundle that enrolls; None is the shipped release.
        models: folder of former bundles, for what they made; None is `models` in the user's data folder.
        calibration: file of `fpverify calibrate`, or a folder of them for several models; None is each model's own.
        pad: detector of presentation attacks, by the name that an installed package offers it under; None asks none.
        index: what a probe's likeliest among many references are found with: `auto`, `exact`, `ivf`, `none`, or the URL
            of an engine, `milvus://HOST:PORT/NAME`.
        fmr: false match rate of a decision, in (0, 1).
        ppi: resolution of every scan; None takes each file's own.
        workers: processes of long jobs; None is one for each core.
        cache: folder where evaluations keep templates; None is the user's cache folder.
    """

    db: str = "enroll_db"
    key: str | None = None
    keep_scans: bool = False
    keep_skin: bool = False
    note_decisions: bool = True
    learn: bool = False
    trust_permissions: bool = False
    model: str | None = None
    models: str | None = None
    calibration: str | None = None
    pad: str | None = None
    index: str = "auto"
    fmr: float = DEFAULT_FMR
    ppi: float | None = None
    workers: int | None = None
    cache: str | None = None

    @property
    def processes(self) -> int:
        """Of long jobs: `workers`, or one for each core that this process may use."""
        if self.workers is not None:
            return self.workers
        allowed = getattr(os, "sched_getaffinity", None)  # unlike the machine's cores, right in a container
        return len(allowed(0)) if allowed else os.cpu_count() or 1


def load_settings(folder: str | Path = ".", environment: Mapping[str, str] | None = None, **given: object) -> Settings:
    """The settings in force.

    Args:
        folder: where `fpverify.yaml` may lie.
        environment: in place of the process' own.
        given: settings by name that overrule both; None is not given.

    Raises:
        SettingsError: a setting nobody knows, or a value that it cannot have; the message says where.
    """
    values = dict(_from_file(Path(folder) / SETTINGS_FILE))
    values |= _from_environment(os.environ if environment is None else environment)
    values |= _checked({name: value for name, value in given.items() if value is not None}, "", str)
    return Settings(**values)  # type: ignore[arg-type]  # `_PARSERS` gives each its type


def parse_fmr(value: object) -> float:
    """A false match rate in (0, 1) from a fraction (0.001) or a percentage ("0.1 %").

    Raises:
        UnsupportedRate: it is neither; the message says what would be right.
    """
    return _rate(value, "false match rate")


def parse_fpir(value: object) -> float:
    """A false positive identification rate, likewise."""
    return _rate(value, "false positive identification rate")


def _rate(value: object, name: str) -> float:
    if isinstance(value, str) and value.strip().endswith("%"):
        rate = _number(value.strip()[:-1]) / 100
    else:
        rate = _number(value)
    if not 0 < rate < 1:
        raise UnsupportedRate(f"{_shown(value)} is no {name}; give a fraction such as 0.001, or 0.1%")
    return rate


def parse_ppi(value: object) -> float:
    """A resolution in pixels per inch.

    Raises:
        ValueError: it is no positive number; the message says what would be right.
    """
    ppi = _number(value)
    if not 0 < ppi < math.inf:
        raise ValueError(f"{_shown(value)} is no resolution; give pixels per inch, such as 500")
    return ppi


def parse_top(value: object) -> int:
    """How many candidates of an identification are wanted, at least 1.

    Raises:
        SettingsError: it is no such number; the message says what would be right.
    """
    top = _number(value)
    if not (top >= 1 and top.is_integer()):
        raise SettingsError(f"top: {_shown(value)} is no number of candidates; give 1 or more")
    return int(top)


def parse_workers(value: object) -> int:
    """A number of processes, at least 1.

    Raises:
        ValueError: it is no such number; the message says what would be right.
    """
    workers = _number(value)
    if not (workers >= 1 and workers.is_integer()):
        raise ValueError(f"{_shown(value)} is no number of processes; give 1 or more")
    return int(workers)


def parse_index(value: object) -> str:
    """An index by its word, or the URL of an engine.

    Raises:
        ValueError: it is neither; the message says what would be right.
    """
    text = str(value).strip() if isinstance(value, str) else ""
    if is_engine_url(text) and "@" in text:  # the value is not shown: there is a password in it
        raise ValueError("the URL of an index holds no password; give it in FPVERIFY_INDEX_TOKEN")
    if text in INDEXES or (is_engine_url(text) and _ENGINE.fullmatch(text)):
        return text
    raise ValueError(f"{_shown(value)} is no index; give {', '.join(INDEXES)}, or milvus://HOST:PORT/NAME")


def is_engine_url(index: str) -> bool:
    """Whether an index is an engine of its own, by its URL."""
    return index.startswith(("milvus://", "milvus+https://", "milvus+file:"))


def _parse_text(value: object) -> str:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise ValueError(f"{_shown(value)} is no name or path")
    return os.path.expanduser(value)  # noqa: PTH111 - unlike Path's, it never raises


def _parse_switch(value: object) -> bool:
    words = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
    known = value if isinstance(value, bool) else words.get(str(value).strip().lower())
    if known is None:
        raise ValueError(f"{_shown(value)} is neither yes nor no")
    return known


_PARSERS: Mapping[str, Callable[[object], object]] = MappingProxyType(
    {
        "db": _parse_text,
        "key": _parse_text,
        "keep_scans": _parse_switch,
        "keep_skin": _parse_switch,
        "note_decisions": _parse_switch,
        "trust_permissions": _parse_switch,
        "learn": _parse_switch,
        "model": _parse_text,
        "models": _parse_text,
        "calibration": _parse_text,
        "pad": _parse_text,
        "index": parse_index,
        "fmr": parse_fmr,
        "ppi": parse_ppi,
        "workers": parse_workers,
        "cache": _parse_text,
    }
)


def _from_file(path: Path) -> dict[str, object]:
    """The settings of a file; none if there is no file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{path} cannot be read: {reason}") from error
    return _checked(_parsed(text, path), f"{path}: ", str)


def _parsed(text: str, path: Path) -> dict[object, object]:
    import yaml

    try:
        content = yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise SettingsError(f"{path} is not YAML{where}; write one setting a line, such as 'fmr: 0.001'") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path} holds no settings; write one a line, such as 'fmr: 0.001'")
    return {name: value for name, value in content.items() if value is not None}


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    """Settings from variables; empty ones are not set.

    Other variables with the prefix are left alone (an orchestrator sets FPVERIFY_PORT for a service called fpverify),
    unless they look like a setting mistyped.
    """
    variables = {
        variable.removeprefix(VARIABLE_PREFIX).lower(): value
        for variable, value in sorted(environment.items())
        if variable.startswith(VARIABLE_PREFIX) and value
    }
    meant = {name: value for name, value in variables.items() if name in _PARSERS or _nearest(name, RESEMBLANCE)}
    return _checked(meant, "", lambda name: VARIABLE_PREFIX + name.upper())


def _checked(values: Mapping[Any, object], place: str, spelled: Callable[[str], str]) -> dict[str, object]:
    """The values as their types.

    Args:
        values: by name.
        place: what opens every complaint.
        spelled: how a setting is written there.
    """
    return {str(name): _value(str(name), value, place, spelled) for name, value in values.items()}


def _value(name: str, value: object, place: str, spelled: Callable[[str], str]) -> object:
    parse = _PARSERS.get(name)
    if parse is None:
        raise SettingsError(f"{place}{spelled(name)} is no setting; {_alternatives(name, spelled)}")
    try:
        return parse(value)
    except ValueError as error:
        raise SettingsError(f"{place}{spelled(name)}: {error}") from error


def _alternatives(name: str, spelled: Callable[[str], str]) -> str:
    near = _nearest(name, LIKENESS)
    if near:
        return f"did you mean {spelled(near)}?"
    return f"the settings are {', '.join(map(spelled, _PARSERS))}"


def _nearest(name: str, resemblance: float) -> str | None:
    """The setting whose name is most like this one, from a resemblance on."""
    from difflib import get_close_matches  # here: most names are right

    return next(iter(get_close_matches(name, _PARSERS, n=1, cutoff=resemblance)), None)


def _number(value: object) -> float:
    """The value as a number, NaN if it is none."""
    if isinstance(value, bool) or not isinstance(value, str | SupportsFloat):
        return math.nan
    try:
        return float(value)
    except (ValueError, TypeError, OverflowError):
        return math.nan


def _shown(value: object) -> str:
    """A value from outside, short enough for a message; what is no plain value could be of any size."""
    return f"{value!r:.60}" if isinstance(value, str | int | float | Path) else f"a {type(value).__name__}"
