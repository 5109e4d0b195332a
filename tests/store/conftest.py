"""Templates on the grid of the binary form, drawn from a seed; stores in each kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from server import running_server, server_program

from fpverify.store import Store
from fpverify.vocabulary import Minutiae, Template

MakeTemplate = Callable[..., Template]
OpenStore = Callable[..., Store]


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """URL of a PostgreSQL server."""
    if server_program("initdb") is None:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg")
    with running_server() as url:
        yield url


@pytest.fixture
def new_database(server: str) -> str:
    """URL of an empty schema."""
    import psycopg

    name = f"t{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{server}&options=-csearch_path%3D{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store can be made, in each kind of database."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("new_database"))
    return str(tmp_path / "db")


@pytest.fixture
def open_store(location: str) -> OpenStore:
    """Opens one and the same store, which is new at the start of the test."""
    return lambda **given: Store.open(location, **given)


@pytest.fixture
def make_template() -> MakeTemplate:
    return random_template


def random_template(seed: int = 0, *, minutiae: int = 40, size: int = 64, model_id: str = "release-1") -> Template:
    rng = np.random.default_rng(seed)
    return Template(
        model_id=model_id,
        quality=int(rng.integers(256)) / 255,
        minutiae=Minutiae(
            x_px=(rng.integers(0, 1600, minutiae) / 8).astype(np.float32),
            y_px=(rng.integers(0, 1600, minutiae) / 8).astype(np.float32),
            angle_rad=(rng.integers(-32767, 32769, minutiae) * (2 * np.pi / 65536)).astype(np.float32),
            quality=rng.integers(0, 256, minutiae).astype(np.float32) / np.float32(255),
        ),
        descriptors=rng.integers(-127, 128, (minutiae, size)).astype(np.int8),
    )


@pytest.fixture
def file(tmp_path: Path, make_template: Callable[..., Template]) -> Path:
    """A store of three subjects with five impressions."""
    path = tmp_path / "db" / "enrollments.sqlite"
    with Store.open(tmp_path / "db") as store:
        for seed, (subject, finger) in enumerate(
            [("A", "right-index"), ("A", "right-index"), ("A", "left-thumb"), ("B", "right-index"), ("C", "unknown")]
        ):
            store.add(subject, finger, make_template(seed, minutiae=20))
    return path
