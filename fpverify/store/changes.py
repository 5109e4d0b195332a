"""What was enrolled, removed or renamed since a point that a caller keeps, read off the audit trail's end.

A process that keeps something about every reference (an index, a count) takes up the changes of others so, at a cost
that grows with the changes alone. The trail is only ever appended to, and its entries name the records that they
concern; what they cannot answer for is answered with `everything`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fpverify.store.audit import AuditEntry
from fpverify.store.trail import Trail, named_records

# What an entry of each action has to name; each of these raises the revision by one, and no other action does.
_NAMED: dict[str, tuple[str, ...]] = {
    "create": (),
    "enroll": ("added",),
    "learn": ("added",),
    "import": ("added",),
    "migrate": ("added",),
    "update": (),
    "delete": ("removed",),
    "rotate": (),
}


@dataclass(frozen=True, slots=True)
class Point:
    """A state of a store, as its audit trail knows it; it may be kept as long as one likes, on disk, too.

    Attributes:
        store_id: of the store.
        revision: as `Store.revision` gives it.
        sequence: of the last entry by then.
        mac: code of that entry, 64 hex digits; it answers for all before it.
    """

    store_id: str
    revision: int
    sequence: int
    mac: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What leads from one point to a later one; records are named by their ids, which are never used again.

    Attributes:
        point: where it leads.
        everything: the earlier point is none of this store, or its trail does not say enough: what is enrolled has to
            be read anew, and the three others are empty.
        added: records that are there now and were not then, in the order of their coming.
        removed: records that were there then and are not now.
        renamed: records whose subject has another id now; they are what they were otherwise.
    """

    point: Point
    everything: bool = False
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to take up."""
        return self.everything or bool(self.added or self.removed or self.renamed)


def changes(trail: Trail, since: Point | None) -> Changes:
    """The changes of a store since a point, within a transaction of the caller's.

    The entries' codes are not checked here but by an inspection; what they say serves to look for records, whose seals
    are checked wherever they are read.

    Args:
        trail: of the store.
        since: `Changes.point` of an earlier call; None for a caller that knows nothing yet.

    Raises:
        CorruptRecord: the head of the trail is none.
    """
    now = Point(*trail.state())
    if since is None or not _is_before(trail, since, now):
        return Changes(now, everything=True)
    if since.revision == now.revision:
        return Changes(now)
    told = _Told()
    entries = trail.entries(after=since.sequence, actions=tuple(_NAMED))
    if told.all_of(entries) != now.revision - since.revision:
        return Changes(now, everything=True)
    return Changes(now, False, tuple(told.added), tuple(told.removed), tuple(told.renamed))


def _is_before(trail: Trail, since: Point, now: Point) -> bool:
    """Whether one point lies on the way to the other; it does not in a store that was put back to an earlier state."""
    if since.store_id != now.store_id or since.revision > now.revision or since.sequence > now.sequence:
        return False
    return since.mac == (now.mac if since.sequence == now.sequence else trail.mac(since.sequence))


class _Told:
    """What entries say, summed up; the dictionaries are sets that keep the order."""

    def __init__(self) -> None:
        self.added: dict[str, None] = {}
        self.removed: dict[str, None] = {}
        self.renamed: dict[str, None] = {}

    def all_of(self, entries: Iterable[AuditEntry]) -> int:
        """Takes up entries; how many there are, -1 if one of them does not say enough."""
        count = 0
        for entry in entries:
            if not self._take(entry):
                return -1
            count += 1
        return count

    def _take(self, entry: AuditEntry) -> bool:
        wanted = (*_NAMED[entry.action], *(("records",) if "renamed" in entry.details else ()))
        if "damaged" in entry.details or any(named_records(entry, one) is None for one in wanted):
            return False
        self.added |= dict.fromkeys(named_records(entry, "added") or ())
        for gone in named_records(entry, "removed") or ():
            self._remove(gone)
        self.renamed |= {one: None for one in named_records(entry, "records") or () if one not in self.added}
        return True

    def _remove(self, record_id: str) -> None:
        self.renamed.pop(record_id, None)
        if record_id in self.added:
            del self.added[record_id]
        else:
            self.removed[record_id] = None
