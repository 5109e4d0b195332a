"""Cells of a report that no spreadsheet takes for a formula, and that still say what they said.

A cell is a formula if it begins with one of `=`, `+`, `-`, `@`, a tab or a line end, some of them also in full width;
it then gets an apostrophe in front. A cell that begins so behind apostrophes gets one more: taking one away gives back
what there was. Other cells, such as `'t Hooft`, stay as they are. What stands behind a semicolon or a tab may be a cell
of its own, where the computer's language makes that the separator.

Source: OWASP, "CSV Injection".
"""

from __future__ import annotations

import re

BEGINNINGS = "=+\\-@\t\r\n＝＋－＠"
_PLACE = "(?:^|(?<=[;\t\r\n]))"
_FORMULA = re.compile(f"{_PLACE}(?='*[{BEGINNINGS}])")
_GUARDED = re.compile(f"{_PLACE}'(?='*[{BEGINNINGS}])")


def guarded(text: str) -> str:
    """The cell of a text."""
    return _FORMULA.sub("'", text)


def plain(cell: str) -> str:
    """The text of a cell."""
    return _GUARDED.sub("", cell)
