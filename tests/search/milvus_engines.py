"""Milvus engines of the tests' own, on the loopback interface, for as long as they run."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE_S = 180.0  # until a server answers: 18 s on a free machine


@contextmanager
def lite_server(folder: Path) -> Iterator[str]:
    """Where Milvus Lite, as a process of its own, is asked: `host:port`."""
    port = free_port()
    words = [program("milvus-lite"), "server", "--data-dir", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with running(words, folder, port):
        yield f"127.0.0.1:{port}"


@contextmanager
def packaged_server(folder: Path) -> Iterator[str]:
    """Likewise of the real engine, from the package `milvus`."""
    port = free_port()
    with running([program("milvus-server"), "--data", str(folder), "--proxy-port", str(port)], folder, port):
        yield f"127.0.0.1:{port}"


@contextmanager
def running(words: Sequence[str], folder: Path, port: int) -> Iterator[None]:
    """A server, with all that it starts itself, until it is ended."""
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    try:
        wait_for_answer(process, port, folder / "server.log")
        yield
    finally:
        for kind in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, kind)
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)


def wait_for_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    from pymilvus import MilvusClient, MilvusException

    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and process.poll() is None:
        try:
            client = MilvusClient(uri=f"http://127.0.0.1:{port}", timeout=5)
            client.list_collections()
            client.close()
            return
        except MilvusException:
            time.sleep(0.3)
    raise AssertionError(f"the server did not answer; {log.read_text()[-2000:]}")


def program(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
