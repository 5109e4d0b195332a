from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi")


def serve(folder: Path, model: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "fpverify", "serve", "--db", str(folder / "db"), "--model", str(model), *words]
    keys = ["--api-keys", str(folder / "keys.json")]
    done = subprocess.run([*command, *keys], capture_output=True, text=True, timeout=60, check=False, env=os.environ)
    return done.returncode, done.stderr


def test_an_address_in_use_is_said_in_one_line(tmp_path: Path, edges_model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, said = serve(tmp_path, edges_model, "--port", port)
    assert code == 2
    assert f"nothing can listen on 127.0.0.1:{port}" in said
    assert "Traceback" not in said


def test_a_certificate_that_is_none_is_said_in_one_line(tmp_path: Path, edges_model: Path) -> None:
    (tmp_path / "bad.pem").write_text("no certificate")
    bad = str(tmp_path / "bad.pem")
    code, said = serve(tmp_path, edges_model, "--port", "0", "--tls-cert", bad, "--tls-key", bad)
    assert code == 2
    assert "the TLS certificate or its key cannot be used" in said
    assert "Traceback" not in said
