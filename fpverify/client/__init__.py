"""Clients of the HTTP service, over the standard library alone.

door = Client("https://fingers.example.org", key)
door.verify("scan.bmp", "A")["decision"]
"""

from __future__ import annotations

from fpverify.client.asynchronous import AsyncClient
from fpverify.client.client import Client, Decided
from fpverify.client.scans import ListedScan, RawScan, ScanFile

__all__ = ["AsyncClient", "Client", "Decided", "ListedScan", "RawScan", "ScanFile"]
