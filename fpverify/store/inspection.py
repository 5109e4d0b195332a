"""Whether a store is what its audit trail says: the chain, the records it speaks of, and an anchor kept elsewhere.

Every seal is opened, the tables are compared with those of a new store, and each decision with who was enrolled by
then. The chain and its sealed head show every edit, removal and truncation. What they cannot show is a whole store that
was put back to an earlier day: that is sound in itself. An anchor shows it. It names the store, how many entries there
were and the code of the last, which covers all before it:

    fpva1-<first 8 digits of the store's id>-<entries>-<code of the last, 64 digits>-<checksum, 8 digits>
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fpverify.store.audit import AuditEntry, Head
from fpverify.store.database import Store
from fpverify.store.findings import Findings
from fpverify.store.presence import Presence
from fpverify.store.seals import OpenedSeals
from fpverify.store.trail import named_records

MAC_BYTES = 32  # of an entry's code, HMAC with SHA-256
MOST_FINDINGS = 1000  # of each kind; a store that is another one altogether has as many as records
RECORDS_AT_A_TIME = 10_000  # ids and subjects that are read at once: two megabytes
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


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found.

    Attributes:
        entries: of the audit trail.
        records: impressions that are there.
        findings: one sentence for each thing that is wrong.
    """

    entries: int
    records: int
    findings: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def anchor_of(store: Store) -> Anchor:
    """The anchor of a store as it is now.

    Raises:
        CorruptRecord: the head of its audit trail was altered.
        StoreError: it cannot be read.
    """
    head = store.audit_head()
    store.vault.chain.check(head)
    return _anchor(store, head)


def inspect(store: Store, anchor: Anchor | None = None, *, quick: bool = False) -> Inspection:
    """Compares a store with its audit trail, and the trail with an anchor.

    Args:
        store: to be read.
        anchor: of the store, kept elsewhere; without one nothing shows that the whole store was put back.
        quick: open no seal, and let the database not look at itself; the ids of the records are still compared.

    Raises:
        StoreError: the store cannot be read; CorruptRecord if that is because of damage.
    """
    with store._database.reading():  # one state of the store, so that nobody's change is taken for tampering
        findings = [*store._database.departures()]
        if not quick and not store._database.is_whole():
            findings.append("the database finds itself damaged: its pages, its indexes, or rows of nobody's")
        witness = _Witness(store.audit_entries(), anchor)
        findings += [str(one) for one in store.vault.chain.verify(witness, store.audit_head())]
        witness.see_the_rest()
        findings += witness.presence.findings.told()
        differences = _Differences(witness.expected)
        seals = Findings("seals", MOST_FINDINGS)
        for block, told in _blocks(store, quick=quick):
            differences.see(block)
            seals.add(told)
    findings += differences.findings() + seals.told()
    if anchor is not None:
        findings += _departures(anchor, _anchor(store, Head(witness.count, witness.anchored, b"")))
    return Inspection(witness.count, differences.count, tuple(findings))


def _blocks(store: Store, *, quick: bool) -> Iterator[tuple[Iterable[tuple[str, str]], Iterable[str]]]:
    """Ids and subjects of all records, and what is wrong with their seals and those of the notes, block by block."""
    if quick:
        yield from ((block, ()) for block in store._rows.owners(RECORDS_AT_A_TIME))
        return
    seals = OpenedSeals(store._database, store.vault, store._rows)
    yield from seals.of_records()
    for finding in seals.of_subjects():
        yield (), (finding,)


def expected_records(entries: Iterable[AuditEntry]) -> dict[str, str | None]:
    """The ids of the records that a store should hold, all that were added and not removed since, with their subjects.

    A subject is None where the entry names none, as the one of a store that was brought up from version 1.
    """
    witness = _Witness(entries)
    witness.see_the_rest()
    return witness.expected


class _Witness:
    """Entries as they go by, and what an inspection keeps of them, so that a long trail is read once.

    Attributes:
        expected: records that should be there, with their subjects as far as entries name them.
        presence: who was enrolled when, and decisions about others.
        count: entries so far.
        anchored: code of the entry that an anchor was taken at, empty if there is none.
    """

    def __init__(self, entries: Iterable[AuditEntry], anchor: Anchor | None = None) -> None:
        self._entries = iter(entries)
        self._anchored_at = anchor.count if anchor else 0
        self.expected: dict[str, str | None] = {}
        self.presence = Presence(MOST_FINDINGS)
        self.count = 0
        self.anchored = b"" if self._anchored_at else bytes(MAC_BYTES)

    def __iter__(self) -> Iterator[AuditEntry]:
        for entry in self._entries:
            whole = (
                entry if _well_typed(entry) else replace(entry, at="", action="", subject=None, finger=None, mac=b"")
            )
            self.count += 1
            self._follow(whole)
            if self.count == self._anchored_at:
                self.anchored = whole.mac
            yield whole

    def _follow(self, entry: AuditEntry) -> None:
        added, removed = named_records(entry, "added") or (), named_records(entry, "removed") or ()
        self.expected.update(dict.fromkeys(added, entry.subject))
        gone = sum(self.expected.pop(one, entry) is not entry for one in removed)
        self.presence.follow(entry, len(added), gone)
        renamed = entry.details.get("renamed")
        if isinstance(renamed, str):
            named = named_records(entry, "records")
            if named is None:  # as in entries of earlier releases
                named = [one for one, subject in self.expected.items() if subject == entry.subject]
            self.expected |= {one: renamed for one in named if one in self.expected}

    def see_the_rest(self) -> None:
        """Reads what nobody has asked for."""
        for _ in self:
            pass


def _anchor(store: Store, head: Head) -> Anchor:
    return Anchor(store.store_id[:STORE_DIGITS], head.count, head.mac.hex())


def _well_typed(entry: AuditEntry) -> bool:
    """Whether the database returned what it was given; a forged row may hold values of any type."""
    optional = all(one is None or isinstance(one, str) for one in (entry.subject, entry.finger))
    texts = isinstance(entry.at, str) and isinstance(entry.action, str)
    return optional and texts and isinstance(entry.sequence, int) and isinstance(entry.mac, bytes)


class _Differences:
    """Records that lack, records that nobody enrolled, and records that are another subject's than they should be.

    Args:
        expected: subjects by record; what is found is taken out, so that there is one such dictionary in memory.
    """

    def __init__(self, expected: dict[str, str | None]) -> None:
        self._expected = expected
        self._added: list[str] = []
        self._moved: list[tuple[str, str, str]] = []
        self.count = 0

    def see(self, present: Iterable[tuple[str, str]]) -> None:
        """Takes up records that are there, with their subjects."""
        for one, subject in present:
            self.count += 1
            if one not in self._expected:
                self._added.append(one)
                continue
            owner = self._expected.pop(one)
            if owner not in (None, subject):
                self._moved.append((one, subject, str(owner)))

    def findings(self) -> list[str]:
        """A sentence for each."""
        kinds = (
            (f"record {one} is missing: it was enrolled and never deleted" for one in sorted(self._expected)),
            (f"record {one} was put in: no entry says so" for one in sorted(self._added)),
            (f"record {one} is of {there!r}, but should be of {due!r}" for one, there, due in sorted(self._moved)),
        )
        return [one for kind in kinds for one in _told(kind)]


def _told(sentences: Iterable[str]) -> list[str]:
    findings = Findings("records", MOST_FINDINGS)
    findings.add(sentences)
    return findings.told()


def _departures(anchor: Anchor, found: Anchor) -> list[str]:
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
