from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import malformed
import pytest

pytest.importorskip("fastapi")


def serve(folder: Path, model: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "fpverify", "serve", "--db", str(folder / "db"), "--model", str(model), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=os.environ)
    return done.returncode, done.stderr


@pytest.mark.slow
def test_sigterm_under_bombs_ends_in_ten_seconds_and_loses_nothing(
    tmp_path: Path, edges_model: Path, stripes: Path
) -> None:
    from fpverify.client import Client
    from fpverify.service.api_keys import Scope, new_key
    from fpverify.store import Store
    from fpverify.verifier import Verifier

    with Store.open(tmp_path / "db", key="none") as store:
        key = new_key(store, "door", Scope.ADMIN)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["--port", str(port), "--threads", "2", "--key", "none", "--db", str(tmp_path / "db")]
    words += ["--model", str(edges_model)]
    process = subprocess.Popen([sys.executable, "-m", "fpverify", "serve", *words], stderr=subprocess.DEVNULL)
    try:
        client = Client(f"http://127.0.0.1:{port}", key)
        wait_until_ready(client.url, process)
        bombs = [malformed.jpeg_of_scans(20_000), malformed.BOMBS["png"]["empty chunks"]()] * 3
        threads = [threading.Thread(target=attempted, args=(client, bomb)) for bomb in bombs]
        for thread in threads:
            thread.start()
        time.sleep(1.0)
        enrolled = client.enroll((stripes / "A_00.bmp").read_bytes(), "A", unchecked=True)
        stalled = socket.create_connection(("127.0.0.1", port))
        stalled.sendall(
            b"POST /v1/enroll/list HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
            b"Authorization: Bearer " + key.encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\n\r\n"
        )
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        assert process.wait(30) == 0
        assert time.monotonic() - begun < 10
        stalled.close()
    finally:
        process.kill()
    for thread in threads:
        thread.join(10)
    assert enrolled["subject"] == "A"
    with Verifier.open(tmp_path / "db", model=edges_model, key="none") as verifier:
        assert [one.subject for one in verifier.references("A")] == ["A"]


def attempted(client: Any, scan: bytes) -> None:
    from fpverify.errors import FpverifyError

    try:
        client.verify(scan, "A")
    except FpverifyError:
        return


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 90
    while True:
        try:
            with urlopen(f"{url}/health/ready", timeout=5):  # noqa: S310
                return
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.1)


def test_an_address_in_use_is_said_in_one_line(tmp_path: Path, edges_model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = serve(tmp_path, edges_model, "--port", port)
    assert code == 2
    assert f"nothing can listen on 127.0.0.1:{port}" in said
    assert "Traceback" not in said


def test_an_origin_that_is_none_is_said_in_one_line(tmp_path: Path, edges_model: Path) -> None:
    code, said = serve(tmp_path, edges_model, "--port", "0", "--cors-origin", "*")
    assert (code, len(said.splitlines())) == (2, 1)
    assert "is no origin; give each one exactly" in said


def test_a_certificate_that_is_none_is_said_in_one_line(tmp_path: Path, edges_model: Path) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    bad = str(tmp_path / "bad.pem")
    code, said = serve(tmp_path, edges_model, "--port", "0", "--tls-cert", bad, "--tls-key", bad)
    assert code == 2
    assert "the TLS certificate or its key cannot be used" in said
    assert "Traceback" not in said


def test_a_reader_that_is_not_there_yet_is_one_line_and_no_end(tmp_path: Path, edges_model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = ("--port", port, "--reader", f"folder:{tmp_path}/none")
        code, said = serve(tmp_path, edges_model, *words)
    lines = [line for line in said.splitlines() if "none" in line]
    assert code == 2
    assert len(lines) == 1
    assert lines[0].endswith("there is no such folder; make it, or name another; the page looks for it again")
    assert "nothing can listen" in said.splitlines()[-1]


def test_a_resolution_without_a_reader_is_wrong_use(tmp_path: Path, edges_model: Path) -> None:
    code, said = serve(tmp_path, edges_model, "--reader-ppi", "500")
    assert (code, said.count("\n")) == (2, 1)
    assert "--reader" in said
