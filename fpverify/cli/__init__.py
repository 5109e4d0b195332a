"""The command line: parse, one library call, print."""

from __future__ import annotations

from fpverify.cli.program import main

__all__ = ["main"]
