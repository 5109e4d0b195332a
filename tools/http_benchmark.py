"""What the service costs: the time of a warm verification, verifications a second, and memory over many of them.

    python tools/http_benchmark.py [--url URL --key KEY] [--requests 1000] [--clients 8] [--scan FILE] [--json]

Without `--url` it starts `fpverify serve` on a free port with a store of its own, which is gone afterwards; memory is
measured only there. With `--url` the key has to allow everything: the scan is enrolled, verified and deleted again
under an id of its own. Every verification is a connection of its own, as clients make them. The clients take their
time from the same cores, so on a small machine the server alone is faster than what is shown.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from urllib.request import urlopen

from fpverify.client import Client
from fpverify.errors import FpverifyError, ServiceError

FPVERIFY = [sys.executable, "-m", "fpverify"]
LATENCY_TARGET_MS = 60.0  # of one warm verification: a visitor does not notice it
RATE_TARGET = 30.0  # verifications a second: a stadium's gates
WARM_UP = 20  # verifications that are not counted: every thread has met its model
ONE_CLIENT = 100  # verifications, one after the other, of which the median is taken
MEMORY_SAMPLES = 11  # over the run: its start and every tenth of it
START_S = 60.0  # in which a server has to answer, on a slow machine


@dataclass(frozen=True)
class Cost:
    """What was measured.

    Attributes:
        median_ms: of a verification by one client, one after the other.
        p95_ms: the same, 95 of 100 are faster.
        per_second: verifications, by several clients together.
        clients: how many.
        requests: of these clients, in all.
        memory_mib: resident memory of the server at the run's start and after every tenth; empty if not measured.
    """

    median_ms: float
    p95_ms: float
    per_second: float
    clients: int
    requests: int
    memory_mib: tuple[float, ...]

    @property
    def reached(self) -> bool:
        """Whether it is as fast as it should be."""
        return self.median_ms <= LATENCY_TARGET_MS and self.per_second >= RATE_TARGET

    @property
    def growth_kib(self) -> float:
        """Memory that a request leaves behind, in the second half, when pools have filled; nan if not measured."""
        if not self.memory_mib:
            return math.nan
        half = len(self.memory_mib) // 2
        return (
            1024 * (self.memory_mib[-1] - self.memory_mib[half]) / (self.requests * (1 - half / (MEMORY_SAMPLES - 1)))
        )


def measured(client: Client, scan: bytes, *, clients: int, requests: int, server: int | None = None) -> Cost:
    """Verifies one scan many times.

    Args:
        client: of a service, with a key that allows everything.
        scan: the content of its file.
        clients: at the same time.
        requests: of them, in all.
        server: process whose memory is measured.

    Raises:
        FpverifyError: the service refuses.
    """
    subject = f"benchmark {secrets.token_hex(8)}"
    client.enroll(scan, subject, unchecked=True)
    try:

        def verify(_: int = 0) -> float:
            """Seconds of one verification."""
            start = time.perf_counter()
            if client.verify(scan, subject)["decision"] != "match":
                raise ServiceError("a scan does not match itself")
            return time.perf_counter() - start

        with ThreadPoolExecutor(clients) as crowd:
            list(crowd.map(verify, range(WARM_UP)))
            alone = [1000 * verify() for _ in range(ONE_CLIENT)]
            seconds, memory = 0.0, [memory_mib(server)]
            for before, after in pairwise(requests * part // (MEMORY_SAMPLES - 1) for part in range(MEMORY_SAMPLES)):
                start = time.perf_counter()
                list(crowd.map(verify, range(after - before)))
                seconds += time.perf_counter() - start
                memory.append(memory_mib(server))
    finally:
        client.delete(subject)
    return Cost(
        median_ms=statistics.median(alone),
        p95_ms=sorted(alone)[math.ceil(0.95 * len(alone)) - 1],
        per_second=requests / seconds,
        clients=clients,
        requests=requests,
        memory_mib=tuple(one for one in memory if one is not None),
    )


def memory_mib(process: int | None) -> float | None:
    """Resident memory of a process; None if there is none, or the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS:")), None)


@contextmanager
def served(model: str | None = None) -> Iterator[tuple[Client, int]]:
    """A service of its own on a free port of this machine, and its process.

    Raises:
        ServiceError: it does not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        store, environment = f"--db={place / 'store'}", {**os.environ, "XDG_CONFIG_HOME": folder}
        made = [*FPVERIFY, "api-keys", "new", "--name=benchmark", "--scope=admin", store]
        key = subprocess.run(made, capture_output=True, text=True, check=True, env=environment).stdout.strip()
        port = free_port()
        words = ["serve", f"--port={port}", store, f"--rate={10**9}"]
        words += ["--model", model] if model else []
        with subprocess.Popen([*FPVERIFY, *words], stderr=subprocess.DEVNULL, env=environment) as process:
            try:
                wait_until_ready(f"http://127.0.0.1:{port}/health/ready", process)
                yield Client(f"http://127.0.0.1:{port}", key), process.pid
            finally:
                process.send_signal(signal.SIGTERM)


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        port: int = tried.getsockname()[1]
        return port


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Returns when the address answers."""
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 - the server that was started here
                return
        except OSError:
            time.sleep(0.05)
    raise ServiceError("the server did not start; see what `fpverify serve` says")


def main(words: Sequence[str] | None = None) -> int:
    """Prints the cost; 0 if the targets are reached, 1 if not, 3 if nothing could be measured."""
    given = parsed(words)
    scan = Path(given.scan).read_bytes() if given.scan else (files("fpverify") / "samples" / "A_1.bmp").read_bytes()
    size = {"clients": given.clients, "requests": given.requests}
    try:
        if given.url:
            cost = measured(Client(given.url, given.key), scan, **size)
        else:
            with served(given.model) as (client, process):
                cost = measured(client, scan, **size, server=process)
    except FpverifyError as error:
        print(error, file=sys.stderr)
        return 3
    fields = {**asdict(cost), "reached": cost.reached}
    print(json.dumps(fields) if given.as_json else "\n".join(lines(cost)))
    return 0 if cost.reached else 1


def lines(cost: Cost) -> list[str]:
    """The cost in words."""
    said = [
        f"one client    {cost.median_ms:.1f} ms a verification (median; p95 {cost.p95_ms:.1f} ms), "
        f"target {LATENCY_TARGET_MS:g} ms",
        f"{f'{cost.clients} clients':<14}{cost.per_second:.1f} verifications a second, target {RATE_TARGET:g}",
    ]
    if cost.memory_mib:
        start, end = cost.memory_mib[0], cost.memory_mib[-1]
        growth = f"{cost.growth_kib:+.2f} KiB a request in the second half"
        said.append(f"memory        {start:.0f} MiB, after {cost.requests:,} requests {end:.0f} MiB ({growth})")
    return said


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="of a service that runs")
    parser.add_argument("--key", help="of this service, for everything")
    parser.add_argument("--model", help="of the service that is started here")
    parser.add_argument("--scan", help="a file to verify with; the first sample if not given")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args(words)
    if given.clients < 1 or given.requests < MEMORY_SAMPLES:
        parser.error(f"--clients is at least 1, --requests at least {MEMORY_SAMPLES}")
    return given


if __name__ == "__main__":
    sys.exit(main())
