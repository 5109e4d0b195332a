"""A small table for a notebook."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from html import escape

Row = tuple[str, object]  # what it is, and its value


def html_table(title: str, rows: Iterable[Row], png: bytes | None = None) -> str:
    """A title, a row for each fact that there is, and a picture; all text is escaped."""
    shown = "".join(
        f'<tr><th style="text-align:left">{escape(name)}</th><td style="text-align:left">{escape(str(value))}</td></tr>'
        for name, value in rows
        if value not in (None, "")
    )
    picture = (
        "" if png is None else f'<img alt="{escape(title)}" src="data:image/png;base64,{b64encode(png).decode()}">'
    )
    return f"<div><b>{escape(title)}</b><table>{shown}</table>{picture}</div>"


def percent(rate: float | None) -> str:
    """A rate in [0, 1] in per cent; three digits."""
    return "not measured" if rate is None else f"{100 * rate:.3g} %"
