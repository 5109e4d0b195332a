"""What a service does for an honest client while others crowd it: time of a verification, memory, and how it ends.

    python tools/crowded.py [--half-open 200] [--slow 100] [--first-kb 100] [--requests 100] [--json]

It starts `fpverify serve` on a free port, verifies one scan again and again, then once more while connections are open
that send half of a header, and others that send a large body with a right key: its beginning at once, the rest a byte a
second. At the end SIGTERM meets all of them. Memory is resident, of the service and its decoders together. 1 if a
target is missed.
"""

from __future__ import annotations

import argparse
import json
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from http_benchmark import memory_mib, served

from fpverify.client import Client

MEDIAN_TARGET_MS = 150.0
GROWTH_TARGET_MB = 100.0
END_TARGET_S = 10.0
BODY_BYTES = 19_000_000  # that a slow body says it has
AGAIN_S = 1.0  # between bytes of a slow body
SETTLE_S = 3.0  # until all that crowd have sent their beginnings


@dataclass(frozen=True)
class Crowd:
    """What was measured.

    Attributes:
        idle_ms: a verification at the median, alone.
        crowded_ms: the same in the crowd.
        slowest_ms: the slowest in the crowd.
        health_ms: the slowest of `/health/live` and `/health/ready` in the crowd.
        idle_mb: memory of all processes before.
        most_mb: the most in the crowd.
        end_s: from SIGTERM to the end.
    """

    idle_ms: float
    crowded_ms: float
    slowest_ms: float
    health_ms: float
    idle_mb: float
    most_mb: float
    end_s: float

    @property
    def reached(self) -> bool:
        """Whether the targets are met."""
        grown = self.most_mb - self.idle_mb
        return self.crowded_ms <= MEDIAN_TARGET_MS and grown <= GROWTH_TARGET_MB and self.end_s <= END_TARGET_S


def measured(half_open: int, slow: int, first_bytes: int, requests: int) -> Crowd:
    """Measures a service of its own."""
    scan = (files("fpverify") / "samples" / "A_1.bmp").read_bytes()
    with served() as (client, process):
        client.enroll(scan, "A", unchecked=True)
        idle = verified(client, scan, requests)
        idle_mb = memory_of_all_mb(process)
        with crowding(client, half_open, slow, first_bytes), watching(process) as memory:
            time.sleep(SETTLE_S)
            crowded = verified(client, scan, requests)
            health = [seconds_of(f"{client.url}/health/{which}") for which in ("live", "ready") for _ in range(10)]
            start = time.monotonic()
            signal_and_wait(process)
            end_s = time.monotonic() - start
    return Crowd(
        idle_ms=1000 * statistics.median(idle),
        crowded_ms=1000 * statistics.median(crowded),
        slowest_ms=1000 * max(crowded),
        health_ms=1000 * max(health),
        idle_mb=idle_mb,
        most_mb=max(memory),
        end_s=end_s,
    )


def verified(client: Client, scan: bytes, requests: int) -> list[float]:
    """Seconds of each verification."""
    seconds = []
    for _ in range(requests):
        start = time.perf_counter()
        client.verify(scan, "A")
        seconds.append(time.perf_counter() - start)
    return seconds


def seconds_of(url: str) -> float:
    """Of one answer."""
    start = time.perf_counter()
    with urlopen(url, timeout=30) as answer:  # noqa: S310 - the server that was started here
        answer.read()
    return time.perf_counter() - start


def signal_and_wait(process: int) -> None:
    """Ends a process, which somebody else waits for."""
    import os

    os.kill(process, signal.SIGTERM)
    while state(process) not in {"Z", ""}:
        time.sleep(0.02)


def state(process: int) -> str:
    """Its letter; empty if there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return ""


def memory_of_all_mb(process: int) -> float:
    """Resident memory of a process and those under it."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found, waiting = set[int](), {process}
    while waiting:
        found |= waiting
        waiting = {pid for pid, parent in parents if parent in waiting}
    return sum(memory_mib(one) or 0.0 for one in found) * 1024 * 1024 / 1e6


@contextmanager
def watching(process: int) -> Iterator[list[float]]:
    """Memory of all, five times a second."""
    seen, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            seen.append(memory_of_all_mb(process))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


@contextmanager
def crowding(client: Client, half_open: int, slow: int, first_bytes: int) -> Iterator[None]:
    """The crowd, in a process of its own."""
    words = [f"--crowd={client.url}", f"--half-open={half_open}", f"--slow={slow}", f"--first-kb={first_bytes // 1000}"]
    with tempfile.NamedTemporaryFile("w") as key:
        key.write(client._headers["Authorization"])  # tools of this project may look
        key.flush()
        with subprocess.Popen([sys.executable, __file__, *words, f"--key-file={key.name}"]) as process:
            try:
                yield
            finally:
                process.terminate()


def crowd(url: str, key: str, half_open: int, slow: int, first_bytes: int) -> None:
    """Opens the connections, keeps them, and opens anew what was ended, until it is ended itself."""
    parts = urlsplit(url)
    half = b"GET /health/live HTTP/1.1\r\nHost: door\r\nX-Slow: "
    head = f"POST /v1/verify HTTP/1.1\r\nHost: door\r\nAuthorization: {key}\r\n"
    head += f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {BODY_BYTES}\r\n\r\n"
    field = b'--x\r\nContent-Disposition: form-data; name="probe"; filename="a"\r\n\r\n'
    body = head.encode() + field + bytes(first_bytes)
    wanted = [half] * half_open + [body] * slow
    open_now: list[tuple[socket.socket, bytes] | None] = [None] * len(wanted)
    while True:
        for k, first in enumerate(wanted):
            one = open_now[k]
            try:
                if one is None or is_ended(one[0]):
                    open_now[k] = (begun((parts.hostname or "", parts.port or 80)), first)
                else:
                    one[0].setblocking(False)
                    rest = one[1]
                    sent = one[0].send(rest or b"a")
                    open_now[k] = (one[0], rest[sent:])
            except BlockingIOError:
                continue
            except OSError:
                open_now[k] = None
        unsent = any(one and one[1] for one in open_now)
        time.sleep(0.02 if unsent else AGAIN_S)


def begun(address: tuple[str, int]) -> socket.socket:
    """A connection."""
    return socket.create_connection(address, timeout=5)


def is_ended(connection: socket.socket) -> bool:
    """Whether the other side has answered or hung up."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        if not selector.select(0):
            return False
    connection.close()
    return True


def main(words: Sequence[str] | None = None) -> int:
    """Prints what was measured; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half-open", type=int, default=200)
    parser.add_argument("--slow", type=int, default=100)
    parser.add_argument("--first-kb", type=int, default=100, help="of a slow body, that come at once")
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--json", action="store_true", dest="as_json")
    parser.add_argument("--crowd", metavar="URL", help="only crowd this service")
    parser.add_argument("--key-file", type=Path, help="what authorises")
    given = parser.parse_args(words)
    if given.crowd:
        crowd(given.crowd, given.key_file.read_text(), given.half_open, given.slow, 1000 * given.first_kb)
    found = measured(given.half_open, given.slow, 1000 * given.first_kb, given.requests)
    print(json.dumps({**asdict(found), "reached": found.reached}) if given.as_json else "\n".join(lines(found)))
    return 0 if found.reached else 1


def lines(found: Crowd) -> list[str]:
    """It in words."""
    return [
        f"alone     {found.idle_ms:.1f} ms a verification at the median",
        f"crowded   {found.crowded_ms:.1f} ms at the median, {found.slowest_ms:.0f} ms at most, "
        f"target {MEDIAN_TARGET_MS:g} ms; health {found.health_ms:.0f} ms at most",
        f"memory    {found.idle_mb:.0f} MB, in the crowd {found.most_mb:.0f} MB "
        f"({found.most_mb - found.idle_mb:+.0f}), target +{GROWTH_TARGET_MB:g}",
        f"SIGTERM   ended after {found.end_s:.1f} s, target {END_TARGET_S:g} s",
    ]


if __name__ == "__main__":
    sys.exit(main())
