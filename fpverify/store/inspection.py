"""Whether a store is what its audit trail says: the chain, the records it speaks of, and an anchor kept elsewhere.

Every seal is opened, the tables are compared with those of a new store, and each decision with who was enrolled by
then. The chain and its sealed head show every edit, removal and truncation. What they cannot show is a whole store that
was put back to an earlier day: that is sound in itself. An anchor shows it (`fpverify.store.anchors`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fpverify.store.anchors import Anchor, anchor_at, departures
from fpverify.store.api_keys import KeysTold
from fpverify.store.audit import AuditEntry, Head
from fpverify.store.database import Store
from fpverify.store.findings import Findings
from fpverify.store.presence import Presence
from fpverify.store.seals import OpenedSeals
from fpverify.store.trail import named_records

MAC_BYTES = 32  # of an entry's code, HMAC with SHA-256
MOST_FINDINGS = 1000  # of each kind; a store that is another one altogether has as many as records
DAMAGED = "the database finds itself damaged: its pages, its indexes, or rows of nobody's"
RECORDS_AT_A_TIME = 10_000  # ids and subjects that are read at once: two megabytes


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
        witness = _Witness(store.audit_entries(), anchor)
        findings += [str(one) for one in store.vault.chain.verify(witness, store.audit_head())]
        witness.see_the_rest()
        differences = _Differences(witness.expected)
        for block in store._rows.owners(RECORDS_AT_A_TIME):
            differences.see(block)
        keys = [*store.api_keys.findings(witness.keys)]
    findings += keys + witness.presence.findings.told() + differences.findings()
    if not quick:
        findings += _damage(store)
    if anchor is not None:
        findings += departures(anchor, anchor_at(store, Head(witness.count, witness.anchored, b"")))
    return Inspection(witness.count, differences.count, tuple(findings))


def _damage(store: Store) -> list[str]:
    """What the database says of itself, and what its seals do."""
    with store._database.reading():
        is_whole = store._database.is_whole()
    seals = Findings("seals", MOST_FINDINGS)
    seals.add(OpenedSeals(store._database, store.vault, store._rows).findings())
    return ([] if is_whole else [DAMAGED]) + seals.told()


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
        keys: of the HTTP interface.
        count: entries so far.
        anchored: code of the entry that an anchor was taken at, empty if there is none.
    """

    def __init__(self, entries: Iterable[AuditEntry], anchor: Anchor | None = None) -> None:
        self._entries = iter(entries)
        self._anchored_at = anchor.count if anchor else 0
        self.expected: dict[str, str | None] = {}
        self.presence = Presence(MOST_FINDINGS)
        self.keys = KeysTold()
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
        self.keys.follow([entry])
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
