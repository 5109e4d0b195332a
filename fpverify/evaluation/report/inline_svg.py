"""Figures as they stand in a page: SVG in the page's own colours, light or dark, with words for who cannot see it.

A figure's colours become the variables of `templates/style.css`, so that one copy serves both schemes and print.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from xml.etree import ElementTree as Xml

from fpverify.evaluation.report.looks import COLOURS, CORRIDOR, GREY, GRID

VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        **{colour: f"var(--curve-{number})" for number, colour in enumerate(COLOURS, 1)},
        GREY: "var(--guide)",
        GRID: "var(--grid)",
        CORRIDOR: "var(--corridor)",
        "#ffffff": "var(--paper)",
        "#000000": "currentColor",
    }
)
DROPPED = frozenset(("metadata", "style"))  # of what matplotlib writes: what the page says itself
WORDS = frozenset(("text", "tspan"))  # elements in which a space is one
PAINTS = ("fill", "stroke")
PRECISION = 1  # decimals of a coordinate: a tenth of a pixel
NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def inline_svg(svg: str, name: str, alternative: str) -> str:
    """An `<svg>` element for a page.

    Args:
        svg: as `figures.as_svg` gives it.
        name: unique in the page; what is referred to inside the figure is named after it.
        alternative: what the figure shows, in words; empty for an ornament.
    """
    root = Xml.fromstring(svg)  # noqa: S314  matplotlib has just written it
    referred = {target for element in root.iter() for target in _referred(element)}
    _slim(root)
    for element in root.iter():
        _rewrite(element, name, referred)
    for size in ("width", "height", "version"):
        root.attrib.pop(size, None)
    root.attrib |= {"role": "img", "aria-label": alternative} if alternative else {"aria-hidden": "true"}
    return Xml.tostring(root, encoding="unicode")


def _slim(element: Xml.Element) -> None:
    """Takes out what a page needs no second time, and the spaces between elements."""
    for child in list(element):
        if _local(child.tag) in DROPPED:
            element.remove(child)
            continue
        _slim(child)
        if _local(element.tag) not in WORDS:
            child.tail = None
        if _local(child.tag) == "defs" and not len(child):
            element.remove(child)
    if _local(element.tag) not in WORDS:
        element.text = None


def _rewrite(element: Xml.Element, name: str, referred: set[str]) -> None:
    element.tag = _local(element.tag)
    given = {_local(key): value for key, value in element.attrib.items()}
    element.attrib.clear()
    for key, value in given.items():
        if key == "id" and value not in referred:
            continue
        element.attrib[key] = _attribute(key, value, name)
    if element.get("style") == "":
        del element.attrib["style"]


def _attribute(key: str, value: str, name: str) -> str:
    match key:
        case "id":
            new = f"{name}-{value}"
        case "href":
            new = f"#{name}-{value[1:]}"
        case "style":
            new = ";".join(_declarations(value, name))
        case "fill" | "stroke" | "clip-path":
            new = _paint(value, name)
        case "d":
            new = _path(value)
        case _:
            new = NUMBER.sub(_rounded, value)
    return new


def _declarations(style: str, name: str) -> Iterator[str]:
    """Of a style, in the page's colours; letters are the page's."""
    for declaration in style.split("; "):
        key, _, value = declaration.partition(": ")
        if key == "font-family":
            continue
        yield f"{key}:{_paint(value, name) if key in PAINTS else value}"


def _paint(value: str, name: str) -> str:
    """A colour of the page, or what is referred to by its new name."""
    return VARIABLES.get(value.lower(), value.replace("url(#", f"url(#{name}-"))


def _path(value: str) -> str:
    """The same path in fewer letters: after a move, points are lines without saying so."""
    short = " ".join(NUMBER.sub(_rounded, value).split())
    return short if set(short) & set("QC") else short.replace(" L ", " ").replace("M ", "M").replace(" M", "M")


def _referred(element: Xml.Element) -> Iterator[str]:
    for key, value in element.attrib.items():
        if _local(key) == "href":
            yield value[1:]
        yield from re.findall(r"url\(#([^)]+)\)", value)


def _rounded(found: re.Match[str]) -> str:
    return f"{round(float(found[0]), PRECISION):g}"


def _local(name: str) -> str:
    return name.rpartition("}")[2]
