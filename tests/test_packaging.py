"""What the package imports, `pyproject.toml` declares: nothing is there by the grace of another library."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from fpverify.extras import LIBRARIES

PROJECT = Path(__file__).parents[1]
EXTRAS = {
    "fpverify.executors": "dask",  # rooms and modules that need an extra, by the beginning of their names
    "fpverify.networks": "train",
    "fpverify.training": "train",
    "fpverify.lab": "train",
    "fpverify.lab.examples": "lab",
    "fpverify.explanation": "plots",
    "fpverify.measurement": "frames",
    "fpverify.evaluation.report": "plots",
    "fpverify.evaluation.rates.cutoffs": "plots",
    "fpverify.service": "service",
    "fpverify.scans.decoding": "wsq",
    "fpverify.scans.wsq_writing": "wsq",
    "fpverify.readers.libfprint": "libfprint",
    "fpverify.testing": "testing",
    "fpverify.store.key_source": "keyring",
    "fpverify.store.backends.postgresql": "postgres",
    "fpverify.search.index.milvus": "milvus",
    "fpverify.search.index.milvus_place": "keyring",
    "tests": "dev",
    "tools": "dev",
}
BROUGHT_BY = {
    "gi": ["pygobject"],
    "_wsq": ["wsq"],
}  # modules named unlike what brings them, where that is not installed
UNDECLARED = {"nbis"}  # a tool compares with it where somebody has installed it


@cache
def project() -> Mapping[str, object]:
    settings: Mapping[str, object] = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return settings


def declared(extra: str = "") -> set[str]:
    """Names of the distributions that come with the package, or with one of its extras."""
    extras: dict[str, list[str]] = project()["optional-dependencies"]  # type: ignore[assignment]
    lines: list[str] = extras[extra] if extra else project()["dependencies"]  # type: ignore[assignment]
    names = {canonical(re.split(r"[^\w.-]", line)[0]) for line in lines}
    own = [re.fullmatch(r"fpverify\[(.+)\]", line) for line in lines]
    return names.union(*(declared(other) for one in own if one for other in one[1].split(",")))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imports(source: str) -> set[str]:
    """Top-level names that are imported anywhere in a source, `pytest.importorskip("name")` included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom(module=str(module), level=0):
                names.add(module)
            case ast.Call(func=ast.Attribute(attr="importorskip"), args=[ast.Constant(value=str(name)), *_]):
                names.add(name)
    return {name.split(".")[0] for name in names}


def complaints(module: str, source: str, own: set[str]) -> list[str]:
    """What a module imports that is neither its own project's, nor Python's, nor declared for it.

    Args:
        module: dotted name.
        source: its text.
        own: names of the project.
    """
    needs = {extra for start, extra in EXTRAS.items() if module.startswith(start)}
    allowed = declared().union(*map(declared, needs))
    libraries = imports(source) - own - sys.stdlib_module_names - UNDECLARED
    return [f"{module} imports {name}" for name in sorted(libraries) if allowed.isdisjoint(distributions(name))]


def distributions(name: str) -> set[str]:
    """What brings a module, by its name where it is not installed."""
    return set(map(canonical, installed().get(name, BROUGHT_BY.get(name, [name]))))


@cache
def installed() -> Mapping[str, list[str]]:
    return packages_distributions()


def modules(folder: str) -> Iterator[tuple[str, str]]:
    """Name and source of every module below a folder of the project."""
    for path in sorted((PROJECT / folder).rglob("*.py")):
        yield ".".join(path.relative_to(PROJECT).with_suffix("").parts), path.read_text()


def own_names() -> set[str]:
    """The package, and the modules that tests and tools share."""
    return {"fpverify"} | {path.stem for folder in ("tests", "tools") for path in (PROJECT / folder).rglob("*.py")}


@pytest.mark.parametrize("folder", ["fpverify", "tests", "tools"])
def test_what_is_imported_is_declared(folder: str) -> None:
    sources = list(modules(folder))
    assert len(sources) > 10
    own = own_names() if folder != "fpverify" else {"fpverify"}
    assert [line for name, source in sources for line in complaints(name, source, own)] == []


APART = {
    "train",
    "dev",
    "docs",
    "release",
    "testing",
    "libfprint",
}  # the last takes a compiler and headers of the system's


def test_one_extra_brings_all_but_what_trains_and_what_develops() -> None:
    extras: dict[str, list[str]] = project()["optional-dependencies"]  # type: ignore[assignment]
    others = [declared(extra) for extra in extras if extra not in {"all", *APART}]
    assert declared("all") >= set().union(*others)
    assert not declared("all") & {"keras", "tensorflow", "pytest"}
    assert declared("dev") >= declared("all") | declared("train")


def test_what_is_asked_for_by_name_is_what_its_extra_brings() -> None:
    for extra, libraries in LIBRARIES.items():
        assert set().union(*map(distributions, libraries)) <= declared(extra)


def test_what_is_declared_for_everybody_is_imported() -> None:
    used = {one for _, source in modules("fpverify") for name in imports(source) for one in distributions(name)}
    assert declared() - used == set()


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("fpverify.store.vault", "import requests"),
        ("fpverify.store.vault", "def f():\n    from requests.adapters import HTTPAdapter"),
        ("fpverify.store.vault", "import keyring"),  # `fpverify.store.key_source` may
        ("fpverify.cli.serving", "import uvicorn.config"),
        ("fpverify.cli.demo", "import matplotlib"),
        ("fpverify.synthesis.labels", "def f():\n    from skimage.morphology import skeletonize"),
        ("fpverify.comparison.likelihood", "import sklearn.isotonic"),
        ("fpverify.evaluation.rates.intervals", "import scipy.stats"),
        ("fpverify.service.app", "import keras"),
        ("fpverify.evaluation.rates", "import pytest"),
        ("tests.test_verifier", 'pytest.importorskip("requests")'),
    ],
)
def test_an_import_that_is_not_declared_is_seen(module: str, source: str) -> None:
    assert len(complaints(module, source, {"fpverify"})) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("fpverify.store.vault", "import json, yaml, cv2\nfrom PIL import Image\nfrom . import keys"),
        ("fpverify.store.key_source", "import keyring"),
        ("fpverify.store.backends.postgresql_failures", "from psycopg import errors"),
        ("tests.test_verifier", "import pytest, keras, fastapi"),
    ],
)
def test_an_import_that_is_declared_passes(module: str, source: str) -> None:
    assert complaints(module, source, {"fpverify"}) == []
