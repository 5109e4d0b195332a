"""What several rooms' tests share: a small model that needs no training, and folders of stripes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from effort import THOROUGH
from hypothesis import HealthCheck, settings

# How fast machines are is not what tests tell. Examples are the same in every run; the long form draws others.
settings.register_profile(
    "untimed", deadline=None, derandomize=not THOROUGH, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")

DATA = Path(__file__).parent / "data"
MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory, on Linux
LEAST_MEMORY = 4 * 2**30  # bytes free there; the tests of two workers have a tenth of it at once


def pytest_configure() -> None:
    """Tests' files lie in memory where there is room: a store flushes every change, and disks let it wait for that."""
    if not os.environ.get("PYTEST_DEBUG_TEMPROOT") and not os.environ.get("TMPDIR") and has_room(MEMORY):
        os.environ["PYTEST_DEBUG_TEMPROOT"] = os.environ["TMPDIR"] = str(MEMORY)


def has_room(folder: Path) -> bool:
    """Whether programs may be written there and run."""
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= LEAST_MEMORY and not found.f_flag & os.ST_NOEXEC


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves the long forms out unless they were asked for."""
    for one in items:
        if not THOROUGH and one.get_closest_marker("thorough"):
            one.add_marker(pytest.mark.skip(reason="FPVERIFY_THOROUGH is not set"))


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """The developer's own settings change no test."""
    for variable in [name for name in os.environ if name.startswith("FPVERIFY_") and name != "FPVERIFY_REAL_PRINTS"]:
        monkeypatch.delenv(variable)
    for variable in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture(autouse=True)
def no_cache_of_the_developer(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins with an empty cache folder of its own, which is made when something is kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache" / uuid4().hex))


@pytest.fixture(autouse=True)
def no_keys_of_the_developer(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins without keys, and keeps its own apart."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / "config" / uuid4().hex))


@pytest.fixture(autouse=True)
def no_indexes_of_the_developer(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins without what indexes keep of stores on servers, and keeps its own apart."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.getbasetemp() / "data" / uuid4().hex))


@pytest.fixture(scope="session", autouse=True)
def polarity_told_once() -> Iterator[None]:
    """Whether ridges are dark is worked out once for each picture; of stripes, which tests read again and again, it
    is most of what reading costs.
    """
    from fpverify.scans import acquisition

    work_out, known = acquisition.is_inverted, dict[tuple[bytes, tuple[int, ...], float], bool]()

    def is_inverted(pixels: Any, ppi: float) -> bool:
        picture = hashlib.sha256(pixels.tobytes()).digest(), pixels.shape, ppi
        if picture not in known:
            known[picture] = work_out(pixels, ppi)
        return known[picture]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(acquisition, "is_inverted", is_inverted)
        yield


@pytest.fixture
def at_once() -> Iterator[None]:
    """Steps of a training are taken without a graph of them, which takes longer to make than hundreds of steps."""
    tensorflow = pytest.importorskip("tensorflow")
    tensorflow.config.run_functions_eagerly(True)
    yield
    tensorflow.config.run_functions_eagerly(False)


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """This user has no home folder: none in the environment, and no line in the system's list of users."""
    users = pytest.importorskip("pwd")

    def unknown(_: object) -> None:
        raise KeyError

    for variable in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(users, "getpwuid", unknown)


@pytest.fixture(scope="session")
def edges_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole-print model that tells vertical from horizontal stripes, see `data/edges.py`."""
    return write_edges_model(tmp_path_factory.mktemp("models") / "edges")


@pytest.fixture(scope="session")
def make_edges_model() -> Callable[[Path, str], Path]:
    """Writes the same model under another id."""
    return write_edges_model


@pytest.fixture(scope="session")
def release_model() -> str:
    """The name of the model that is shipped; tests that ask for it are skipped where there is none."""
    from fpverify.errors import ModelError
    from fpverify.models import load_bundle

    try:
        return load_bundle().model_id
    except ModelError:
        pytest.skip("no release model in this tree")


@pytest.fixture(scope="session")
def stripes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A_00.bmp to B_03.bmp, shifted and noisy."""
    from fpverify.synthesis.stripes import write_stripes

    folder = tmp_path_factory.mktemp("stripes")
    write_stripes(folder, count=4, shift_px=(0, 11), noise=(0.0, 0.05))
    return folder


def write_edges_model(folder: Path, model_id: str = "edges-1") -> Path:
    """The model as a bundle whose scores are 120 raw - 60, measured up to 54."""
    from fpverify.comparison import Calibration
    from fpverify.models import Card, write_bundle

    calibration = Calibration((0.5, 1.0), (0.0, 60.0), 120.0, 120.0, 0.95, 1000)
    card = Card(
        id=model_id,
        kind="whole-print",
        created="2026-01-01",
        files={},
        training_data="nothing",
        calibration=calibration.to_dict(),
        operating_points=tuple(edges_operating_point(fmr, model_id) for fmr in (0.01, 0.001, 0.0001)),
        input_px=160,
    )
    write_bundle(folder, card, {"whole_print.tflite": (DATA / "edges.tflite").read_bytes()})
    return folder


def edges_operating_point(fmr: float, model_id: str) -> object:
    import math

    from fpverify.vocabulary import Interval, OperatingPoint

    return OperatingPoint(
        target_fmr=fmr,
        threshold=-10 * math.log10(fmr),
        fmr=0.9 * fmr,
        fnmr=0.02,
        fmr_interval=Interval(0.5 * fmr, 1.5 * fmr),
        fnmr_interval=Interval(0.01, 0.03),
        fta=0.1,
        mated=1000,
        non_mated=50000,
        evidence="made-up stripes",
        model_id=model_id,
    )
