"""The service as it runs: the real application on a real socket, with a model that tells stripes apart."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
httpx = pytest.importorskip("httpx")

START_S = 90.0


@dataclass
class Running:
    """A service under test.

    Attributes:
        url: where it answers.
        db: its store.
        keys: by scope.
        log: what it wrote.
        captures: how many captures of its reader it holds.
    """

    url: str
    db: Path
    keys: dict[str, str]
    log: StringIO = field(repr=False)
    captures: Callable[[], int] = lambda: 0

    @contextmanager
    def store(self) -> Iterator[Any]:
        """Its store, opened beside it."""
        from fpverify.store import Store

        with Store.open(self.db, key=str(self.db.parent / "store.key")) as store:
            yield store

    def ask(self, method: str, path: str, scope: str | None = "admin", **given: Any) -> Any:
        """One request; `scope` None is without a key, another word than a scope is the key itself."""
        headers = {} if scope is None else {"Authorization": f"Bearer {self.keys.get(scope, scope)}"}
        return httpx.request(method, self.url + path, headers=headers | given.pop("headers", {}), timeout=60, **given)

    def post(self, path: str, scan: Path | bytes, scope: str | None = "admin", **fields: Any) -> Any:
        """A form with one scan."""
        content = scan if isinstance(scan, bytes) else scan.read_bytes()
        name = "reference" if path == "/v1/enroll" else "probe"
        return self.ask("POST", path, scope, files={name: ("anna-smith.bmp", content)}, data=fields)


@contextmanager
def running_service(
    folder: Path, model: Path | str, key_file: Any = None, reader: Any = None, **limits: Any
) -> Iterator[Running]:
    import uvicorn

    from fpverify.service.api_keys import Scope, new_key
    from fpverify.service.app import create_app
    from fpverify.service.connections import limited_protocol
    from fpverify.service.crew import Crew
    from fpverify.service.journal import Journal
    from fpverify.service.limits import Limits
    from fpverify.service.routes import lists
    from fpverify.service.service import Service
    from fpverify.verifier import Verifier

    log = StringIO()

    def open_verifier() -> Verifier:
        return Verifier.open(folder / "db", model=model, key=str(folder / "store.key"))

    with open_verifier() as verifier:  # as `serve` does
        for one in verifier.store.api_keys.all():  # of a service before it in the same folder
            verifier.store.api_keys.revoke(one.name)
        keys = {scope.word: new_key(verifier.store, scope.word, scope) for scope in Scope}
    crew = Crew(open_verifier, threads=2)
    granted = Limits(**limits)
    service = Service(crew, granted, Journal(log), key_file, reader)
    app = create_app(service)
    protocol = limited_protocol(granted, (lists.PATH,))
    server = uvicorn.Server(uvicorn.Config(app, port=0, http=protocol, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + START_S
    while not server.started:
        assert thread.is_alive(), "the service did not start"
        assert time.monotonic() < end
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Running(f"http://127.0.0.1:{port}", folder / "db", keys, log, lambda: len(service.captures))
    finally:
        server.should_exit = True
        thread.join(START_S)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, edges_model: Path) -> Iterator[Running]:
    """One for a module's tests, each of which uses subjects of its own."""
    from fpverify.service.limits import TryLimit

    many = TryLimit(((1000, 60.0),), calm_s=60)
    limits = {"subject": many, "verifying": many, "identifying": many}
    with running_service(tmp_path_factory.mktemp("service"), edges_model, **limits) as running:
        yield running


@pytest.fixture
def start(tmp_path: Path, edges_model: Path) -> Callable[..., Any]:
    """Starts one with limits, or a model, of its own."""
    return lambda model=edges_model, **limits: running_service(tmp_path, model, **limits)
