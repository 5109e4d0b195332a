"""The command line: parse, one library call, print.

A module for each command, named as the command. What several share lies in `options`, `words` (what is printed),
`failures`, `streams`, `signals`, `sets`, `passphrases`, `anchors`, `garbage` and `training_libraries`; `program` is the
command `fpverify` itself.
"""

from __future__ import annotations

from fpverify.cli.program import main

__all__ = ["main"]
