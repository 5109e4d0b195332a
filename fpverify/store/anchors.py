"""Anchors: the end of an audit trail at some moment, on one line, to be kept where whoever can write the store cannot.

An anchor names the store, how many entries there were and the code of the last, which covers all before it:

    fpva1-<first 8 digits of the store's id>-<entries>-<code of the last, 64 digits>-<checksum, 8 digits>
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from fpverify.errors import CorruptRecord
from fpverify.store.audit import FIRST, Head
from fpverify.store.database import Store

STORE_DIGITS = 8  # of the store's id in an anchor: two stores of one operator agree once in 4 billion

_ANCHOR = re.compile(r"fpva1-([0-9a-f]{8})-(0|[1-9][0-9]{0,17})-([0-9a-f]{64})-([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Anchor:
    """The end of an audit trail at some moment.

    Attributes:
        store: first 8 digits of the store's id.
        count: entries by then.
        mac: of the last one, 64 hex digits; zeros for none.
    """

    store: str
    count: int
    mac: str

    @classmethod
    def parse(cls, text: str) -> Anchor:
        """The anchor that was written down.

        Raises:
            ValueError: it is none, or was mistyped.
        """
        found = _ANCHOR.fullmatch(text.strip().lower())
        if found is None:
            raise ValueError("this is no anchor; give what `fpverify audit anchor` printed")
        anchor = cls(found[1], int(found[2]), found[3])
        if str(anchor) != found[0]:
            raise ValueError("the anchor was mistyped: its last 8 digits do not fit the others")
        return anchor

    def __str__(self) -> str:
        said = f"fpva1-{self.store}-{self.count}-{self.mac}"
        return f"{said}-{hashlib.blake2b(said.encode(), digest_size=4).hexdigest()}"


def anchor_of(store: Store) -> Anchor:
    """The anchor of a store as it is now.

    Raises:
        CorruptRecord: the head of its audit trail was altered.
        StoreError: it cannot be read.
    """
    head = store.audit_head()
    store.vault.chain.check(head)
    return anchor_at(store, head)


def later_anchor(store: Store, earlier: Anchor | None) -> Anchor:
    """The anchor of a store as it is now, if it goes on from where an earlier one was taken.

    Raises:
        CorruptRecord: it does not, or the head of its audit trail was altered.
        StoreError: it cannot be read.
    """
    with store._database.reading():
        now = anchor_of(store)
        if earlier is not None and earlier.store == now.store and earlier.count <= now.count:
            mac = store._trail.mac(earlier.count) if earlier.count else FIRST.hex()
            found = Anchor(now.store, now.count, mac or "")
        else:
            found = now
    for departure in departures(earlier, found) if earlier is not None else ():
        raise CorruptRecord(f"{departure} ({store.place})")
    return now


def anchor_at(store: Store, head: Head) -> Anchor:
    """The anchor of a store when its trail ended so."""
    return Anchor(store.store_id[:STORE_DIGITS], head.count, head.mac.hex())


def departures(anchor: Anchor, found: Anchor) -> list[str]:
    """How a trail departs from an anchor.

    Args:
        anchor: as it was kept.
        found: of the trail, with all its entries and the code of the one at which the anchor was taken.
    """
    if anchor.store != found.store:
        return [
            f"the anchor is of the store {anchor.store}..., this one is {found.store}...; another was put in its place"
        ]
    if found.count < anchor.count:
        return [
            f"the anchor was taken at entry {anchor.count}, but there are {found.count}: "
            "the store was put back to an earlier state"
        ]
    if anchor.mac != found.mac:
        return [
            f"entry {anchor.count} is another than when the anchor was taken: "
            "the store was put back to an earlier state and used since"
        ]
    return []
