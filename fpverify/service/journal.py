"""What a request leaves behind: a line of JSON, and numbers for Prometheus. Nothing biometric, no subject's id."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.01, 0.02, 0.04, 0.06, 0.1, 0.2, 0.5, 1, 2, 5, 10)  # a verification takes 0.03 to 0.06
UNKNOWN_ROUTE = "unknown"  # paths nobody serves are not told apart: anyone can invent them


class Journal:
    """Counts requests and writes them down.

    Attributes:
        registry: of the metrics.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "fpverify_requests", "Requests by route and status", ("route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "fpverify_request_seconds", "Time of requests", ("route",), buckets=SECONDS, registry=self.registry
        )
        self._decisions = Counter(
            "fpverify_decisions", "Decisions by kind", ("kind", "decision"), registry=self.registry
        )
        self._locks = Counter("fpverify_locks", "Locks after too many non-matches", ("kind",), registry=self.registry)
        self._rows = Counter("fpverify_rows", "Rows of lists by outcome", ("outcome",), registry=self.registry)
        self.under_way = Gauge("fpverify_requests_under_way", "Requests under way", registry=self.registry)

    def note_request(self, route: str | None, method: str, status: int, seconds: float, key: str | None) -> None:
        """A request has been answered."""
        name = route or UNKNOWN_ROUTE
        self._requests.labels(name, str(status)).inc()
        self._seconds.labels(name).observe(seconds)
        self._write(
            {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "route": name,
                "method": method,
                "status": status,
                "ms": round(1000 * seconds, 1),
                "key": key,
            }
        )

    def note_decision(self, kind: str, word: str) -> None:
        """A verification or identification has come to a decision."""
        self._decisions.labels(kind, word).inc()

    def note_lock(self, kind: str) -> None:
        """A subject, or a key, was locked after too many non-matches."""
        self._locks.labels(kind).inc()

    def note_row(self, outcome: str) -> None:
        """A row of a list has an outcome."""
        self._rows.labels(outcome).inc()

    def exposed(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def _write(self, entry: dict[str, object]) -> None:
        out = self._out or sys.stderr
        with suppress(OSError, ValueError):  # a full disk or a closed pipe refuses no request
            out.write(json.dumps(entry) + "\n")
            out.flush()
