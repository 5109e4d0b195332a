"""The programs in examples/ do what they say."""

from __future__ import annotations

import importlib.util
import json
import os
import queue
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from effort import THOROUGH
from server import running_server, server_program

from fpverify.testing import ReaderContract

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
DOCUMENT = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")


def module(name: str) -> ModuleType:
    """An example, loaded as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Variables of a user with a home of their own and `fpverify` at hand."""
    command = folder / "bin" / "fpverify"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fpverify "$@"\n')
    command.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FPVERIFY_", "XDG_"))}
    path = f"{command.parent}{os.pathsep}{os.environ['PATH']}"
    modules = os.pathsep.join([str(ROOT), *sys.path])
    return kept | {"PATH": path, "PYTHONPATH": modules, "HOME": str(folder), **more}


def run(folder: Path, name: str, *words: str, **more: str) -> str:
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *words]
    given = environment(folder, **more)
    done = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path, release_model: str) -> Path:
    """A folder with prints of three fingers."""
    from fpverify.synthesis.dataset import write_ridges

    write_ridges(tmp_path / "prints", fingers=3, impressions=2)
    return tmp_path


def test_every_example_is_in_the_document_and_the_other_way() -> None:
    programs = [path for path in EXAMPLES.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    named = set(re.findall(r"\]\(\.\./examples/([^)]+)\)", DOCUMENT))
    assert {path.relative_to(EXAMPLES).as_posix() for path in programs} == named


@pytest.mark.filterwarnings("ignore:Using .httpx. with .starlette.testclient.")
@pytest.mark.filterwarnings("ignore:The anyio.abc.BlockingPortal alias is deprecated")  # by Starlette before 1.7
def test_the_application_opens_for_the_finger_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fastapi")
    from starlette.testclient import TestClient

    monkeypatch.chdir(folder)
    monkeypatch.setenv("DOOR_DB", str(folder / "door_db"))
    prints = folder / "prints"

    def sent(client: Any, path: str, name: str) -> Any:
        return client.post(path, files={"scan": (name, (prints / name).read_bytes())})

    with TestClient(module("fastapi_app").app) as client:
        assert sent(client, "/people/A", "1_1.bmp").status_code == 201
        assert sent(client, "/people/A/opens", "1_2.bmp").json() == {"opens": True}
        assert sent(client, "/people/A/opens", "2_1.bmp").json() == {"opens": False}
        assert sent(client, "/people/B/opens", "1_2.bmp").json() == {"opens": False}
        refused = client.post("/people/A/opens", files={"scan": ("x.bmp", b"none")})
        assert refused.status_code == 422
        assert "message" in refused.json()


def test_several_doors_are_answered_at_once(folder: Path, started: Any) -> None:
    with started(folder, None) as service:
        for subject, name in (("A", "1_1.bmp"), ("B", "2_1.bmp")):
            assert service.post("/v1/enroll", folder / "prints" / name, subject=subject).status_code == 201
        asked = ["A=prints/1_2.bmp", "B=prints/2_2.bmp", "A=prints/3_1.bmp", "C=prints/3_1.bmp"]
        said = run(folder, "asyncio_doors", service.url, service.keys["verify"], *asked)
    assert said.splitlines() == ["A open", "B open", "A shut", "C shut"]


def test_attendance_notes_who_came_and_keeps_no_scan(folder: Path) -> None:
    command = [sys.executable, "-m", "fpverify", "enroll", "prints/1_1.bmp", "--id", "Ann"]
    subprocess.run(command, cwd=folder, env=environment(folder), check=True, capture_output=True)
    inbox = folder / "inbox"
    inbox.mkdir()
    for number, name in enumerate(("1_2.bmp", "2_1.bmp")):
        scan = inbox / name
        scan.write_bytes((folder / "prints" / name).read_bytes())
        os.utime(scan, (time.time() - 60 + number, time.time() - 60 + number))
    said = run(folder, "attendance", "inbox", "present.csv", "--once")
    assert said.splitlines() == ["Ann", "come again: nobody who is enrolled"]
    lines = (folder / "present.csv").read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[1] for line in lines] == ["Ann", ""]
    assert list(inbox.iterdir()) == []


def test_a_reader_of_ones_own_enrolls_and_verifies(folder: Path) -> None:
    said = run(folder, "own_reader", "prints/1_1.bmp", "prints/1_2.bmp", "prints/2_1.bmp")
    assert said.split() == ["match", "non-match"]


class TestOwnReader(ReaderContract):
    ppi = 500.0

    @pytest.fixture(autouse=True)
    def _finger(self) -> None:
        self.shown: queue.Queue[np.ndarray] = queue.Queue()

    def new_reader(self, ppi: float | None) -> Any:
        return module("own_reader").AcmeReader(self.grab, ppi)

    def grab(self, timeout_s: float) -> np.ndarray | None:
        try:
            return self.shown.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def put_finger(self, reader: Any, pixels: np.ndarray) -> None:
        self.shown.put(pixels)


def test_a_matcher_of_ones_own_is_measured_beside_ours(folder: Path) -> None:
    said = run(folder, "own_matcher", "prints").splitlines()
    assert [line.split()[0] for line in said] == ["fpverify", "SIFT"]
    assert all("EER" in line and " to " in line for line in said)


def check_deployment(folder: Path, **variables: str) -> str:
    done = subprocess.run(
        ["bash", str(EXAMPLES / "deployment" / "check.sh")],
        cwd=folder, env=environment(folder, **variables), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_deployment_on_files_is_well(folder: Path) -> None:
    assert check_deployment(folder).splitlines()[-1] == "all is well"


def described() -> dict[str, Any]:
    import yaml

    whole: dict[str, Any] = yaml.safe_load((EXAMPLES / "deployment" / "compose.yaml").read_text(encoding="utf-8"))
    return whole


def test_the_deployment_names_its_parts() -> None:
    services = described()["services"]
    assert set(services) == {"database", "search", "service"}
    used = {one for service in services.values() for one in service.get("secrets", ())}
    assert used == set(described()["secrets"])
    assert all("healthcheck" in services[one] for one in services["service"]["depends_on"])
    text = str(services["service"])
    assert "FPVERIFY_INDEX" in text
    assert "--tls-cert" in text


def test_what_a_deployment_takes_from_files_is_made_beside_it_once_and_never_tracked(tmp_path: Path) -> None:
    secrets = prepared(tmp_path)
    before = {path: path.read_bytes() for path in secrets.values()}
    assert all(path.stat().st_mode & 0o077 == 0 for path in secrets.values())
    assert prepared(tmp_path) == secrets
    assert {path: path.read_bytes() for path in secrets.values()} == before
    for path in secrets.values():
        named = f"examples/deployment/{path.name}"
        assert subprocess.run(["git", "check-ignore", "-q", named], cwd=ROOT, check=False).returncode != 1, named


def prepared(folder: Path) -> dict[str, Path]:
    """The secrets of the deployment by name, made by its script in a copy of its folder."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    place = folder / "deployment"
    shutil.copytree(EXAMPLES / "deployment", place, dirs_exist_ok=True)
    subprocess.run(["bash", str(place / "prepare.sh")], env=environment(folder), check=True, capture_output=True)
    return {name: place / one["file"] for name, one in described()["secrets"].items()}


def test_the_commands_of_the_containers_make_a_service_that_is_well(folder: Path) -> None:
    """What compose.yaml runs, without containers: in this system, on a server and an index of the test's own."""
    for needed in ("psycopg", "milvus_lite", "uvicorn"):
        pytest.importorskip(needed)
    if server_program("pg_isready") is None or server_program("initdb") is None:
        pytest.skip("PostgreSQL is not installed")
    secrets = prepared(folder)
    parts = described()["services"]
    port = free_port()
    with running_server(secrets["database"]) as url:
        place = {
            **{f"/run/secrets/{name}": str(path) for name, path in secrets.items()},
            "/opt": str(folder / "deployment"),
            "@database/fpverify": "@" + url.partition("@")[2],
            "0.0.0.0": "127.0.0.1",  # noqa: S104 - the place that is replaced
            "8443": str(port),
        }
        variables = {name: replaced(value, place) for name, value in parts["service"]["environment"].items()}
        variables |= {"FPVERIFY_INDEX": f"milvus+file:{folder / 'index.db'}", "PGHOST": url.partition("host=")[2]}
        given = environment(folder, **variables)
        settings = folder / "deployment" / "settings.sh"
        settings.write_text(replaced(settings.read_text(encoding="utf-8"), place), encoding="utf-8")

        ready = parts["database"]["healthcheck"]["test"][1].replace("pg_isready", str(server_program("pg_isready")))
        subprocess.run(["sh", "-c", ready], env=given, check=True, capture_output=True)
        words = [*parts["service"]["entrypoint"], *parts["service"]["command"]]
        command = [replaced(word, place) for word in words]
        with subprocess.Popen(command, cwd=folder, env=given, stderr=subprocess.PIPE, text=True) as service:
            try:
                assert answered(f"https://localhost:{port}/health/ready", secrets["tls.pem"])["status"] == "ok"
            finally:
                service.terminate()
            assert service.wait(timeout=60) == 0, service.stderr and service.stderr.read()[-2000:]
        if THOROUGH:  # what it does is seen on files, too
            check = ["sh", str(settings), "bash", str(folder / "deployment" / "check.sh")]
            said = subprocess.run(check, cwd=folder, env=given, capture_output=True, text=True, check=True, timeout=300)
            assert said.stdout.splitlines()[-1] == "all is well"


def replaced(text: str, places: dict[str, str]) -> str:
    """A text of the deployment with places of this system."""
    for ours, here in places.items():
        text = text.replace(ours, here)
    return text


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
        return number


def answered(url: str, certificate: Path, within_s: float = 120.0) -> Any:
    """What a service says over TLS, as soon as it listens."""
    trusted = ssl.create_default_context(cafile=str(certificate))
    end = time.monotonic() + within_s
    while True:
        try:
            with urllib.request.urlopen(url, context=trusted, timeout=30) as answer:  # noqa: S310
                return json.load(answer)
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
