"""Scans that are in a set more than once: the same file under two names, or the same picture in two files."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence

from fpverify.evaluation.sets.layout import Print
from fpverify.evaluation.templates import Outcome
from fpverify.scans import read_scan
from fpverify.store import encode_template
from fpverify.vocabulary import Template

OF_NOTHING = hashlib.sha256().hexdigest()  # of files that could not be read
SHOWN_GROUPS = 5  # of files that are the same; a set that was copied whole has hundreds


def duplicate_notes(prints: Sequence[Print], hashes: Sequence[str], outcomes: Sequence[Outcome]) -> list[str]:
    """A sentence for each group of prints that are the same file, or show the same picture.

    Args:
        prints: (s) of a set.
        hashes: (s) of the content of each file.
        outcomes: (s) templates; pictures are looked at where two files gave the same one.
    """
    files = _alike({k: one for k, one in enumerate(hashes) if one != OF_NOTHING})
    again = {place for group in files for place in group[1:]}
    records = {
        k: encode_template(one) for k, one in enumerate(outcomes) if isinstance(one, Template) and k not in again
    }
    pictures = [group for one in _alike(records) for group in _alike({k: _picture(prints[k]) for k in one})]
    said = [_said(prints, group, "are the same file") for group in files]
    said += [_said(prints, group, "show the same picture") for group in pictures]
    more = len(said) - SHOWN_GROUPS
    return said[:SHOWN_GROUPS] + ([f"{more} more groups of prints are the same"] if more > 0 else [])


def _alike(keys: Mapping[int, Hashable]) -> list[list[int]]:
    """Places that have a key in common, by key."""
    groups: dict[Hashable, list[int]] = {}
    for place, key in keys.items():
        groups.setdefault(key, []).append(place)
    return [group for group in groups.values() if len(group) > 1]


def _picture(one: Print) -> tuple[tuple[int, ...], bytes]:
    pixels = read_scan(one.path, ppi=one.ppi).pixels
    return pixels.shape, pixels.tobytes()


def _said(prints: Sequence[Print], group: Sequence[int], what: str) -> str:
    names = [prints[place].name for place in group]
    fingers = list(dict.fromkeys(prints[place].finger for place in group))
    under = f", under the fingers {_listed(fingers)}" if len(fingers) > 1 else ""
    return f"{_listed(names)} {what}{under}"


def _listed(names: Sequence[str]) -> str:
    """The names in a sentence: a, b and c."""
    return f"{', '.join(names[:-1])} and {names[-1]}"
