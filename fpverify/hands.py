"""What a person's files show: scans of single fingers, cards of many, slaps of several, put together by finger."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from fpverify.comparison.assignment import MOST_PROBES
from fpverify.errors import FailureToAcquire, FpverifyError, NotEnrolled, ScanError, UnreadableScan
from fpverify.folders import first_bytes
from fpverify.formats.containers import MEMBERS, is_image_record
from fpverify.scans import Decoder, read_scan, scan_from_bytes
from fpverify.scans.acquisition import scan_from_picture
from fpverify.scans.contained import record_in
from fpverify.scans.files import file_bytes
from fpverify.scans.finger_scans import FingerScan, Unusable, finger_scans
from fpverify.scans.images import decode
from fpverify.scans.pictures import Decode
from fpverify.vocabulary import FINGERS, Finger, Scan

UNKNOWN_SLAP = -1  # several fingers of a hand that is not said
SLAPS = {"right": 13, "left": 14, "thumbs": 15, "unknown": UNKNOWN_SLAP}  # codes of pictures, by their short names
LOOKED_AT = 4096  # bytes of a file: the beginning tells
MOST_PICTURES = 40  # of a record: a card has 14; as many as scans that are enrolled together
MOST_UNNAMED = 4  # of one
ROLLED = (1, 3, 21, 23, 25, 27)  # impression types of fingers that are rolled from nail to nail


@dataclass(frozen=True, slots=True)
class HandScan:
    """A scan of one finger, and which it is.

    Attributes:
        scan: of it alone.
        finger: its name; "unknown" where nobody says it.
        rolled: from nail to nail, as far as that is said.
    """

    scan: Scan
    finger: Finger
    rolled: bool = False


@dataclass(frozen=True, slots=True)
class Hands:
    """What was found in a person's files.

    Attributes:
        scans: of single fingers.
        notes: what is missing, touches, was left out or taken leniently; a sentence each.
        named: whether files said which fingers they show.
    """

    scans: tuple[HandScan, ...]
    notes: tuple[str, ...] = ()
    named: bool = False

    @property
    def fingers(self) -> tuple[Finger, ...]:
        """The name of each scan's finger."""
        return tuple(one.finger for one in self.scans)

    def one_each(self, wanted: Iterable[Finger]) -> tuple[HandScan, ...]:
        """One scan of each finger that is wanted: plain where there is one, as most probes are, else rolled."""
        chosen: dict[Finger, HandScan] = {}
        names = set(wanted)
        for one in sorted(self.scans, key=lambda each: each.rolled):
            if one.finger in names:
                chosen.setdefault(one.finger, one)
        return tuple(chosen.values())


@dataclass(slots=True)
class _Found:
    scans: list[HandScan] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    named: bool = False


@dataclass(frozen=True, slots=True)
class HandReader:
    """How a person's files are read.

    Attributes:
        ppi: resolution, as in `read_scan`.
        slap: what every picture shows that no record tells of: a key of `SLAPS`; None is one finger.
        missing: fingers that slaps lack.
        decode: who decodes pictures; None starts a process for those of each record.
    """

    ppi: float | None = None
    slap: str | None = None
    missing: tuple[Finger, ...] = ()
    decode: Decode | None = None

    def read(self, path: str | Path, content: bytes | None = None) -> Hands:
        """The fingers in a file: a scan, a slap, or a record of pictures.

        Args:
            path: of the file, or the name of its content.
            content: of the file; None reads it.

        Raises:
            UnreadableScan: no such file, damaged, or without a finger.
            ScanError: a scan that cannot be used; of a record only where none can.
            FailureToAcquire: fingers of a slap cannot be told apart, or it is not plain which are missing.
        """
        source = str(path)
        if content is None and self.slap is None and not is_card(path):
            return Hands((HandScan(read_scan(path, ppi=self.ppi), FINGERS[0]),))
        data = file_bytes(path) if content is None else content
        if is_image_record(data):
            return self._of_record(data, source)
        own = self.decode or decode
        if self.slap is None:
            return self.of_scan(scan_from_bytes(data, ppi=self.ppi, source=source, decode=own))
        return self.of_scan(scan_from_picture(own(data, source)._replace(certain=True), self.ppi, source))

    def of_scan(self, scan: Scan) -> Hands:
        """The finger of a scan, or those of a slap; errors as in `read`."""
        return Hands((HandScan(scan, FINGERS[0]),)) if self.slap is None else self._parted(scan, SLAPS[self.slap])

    def _parted(self, scan: Scan, position: int, missing: Sequence[Finger] = ()) -> Hands:
        """The fingers of a slap; `position` is its code, errors as in `features.slaps.separated`."""
        from fpverify.features.slaps import separated

        if position == UNKNOWN_SLAP:
            return self._unnamed(scan)
        gone = {*self.missing, *missing}
        expected = tuple(FINGERS[code] for code in MEMBERS[position] if FINGERS[code] not in gone)
        if not expected:
            raise FailureToAcquire(f"{scan.source}: none of its fingers is there")
        found = separated(scan, expected)
        notes = [f"{scan.source}: {note}" for note in found.notes]
        return Hands(tuple(HandScan(one.scan, one.finger) for one in found.pieces), tuple(notes), named=True)

    def _unnamed(self, scan: Scan) -> Hands:
        """The fingers of a hand that nobody names."""
        from fpverify.features.slaps import separated

        found = separated(scan, (FINGERS[0],) * MOST_UNNAMED)
        notes = [f"{scan.source}: {note}" for note in found.notes]
        return Hands(tuple(HandScan(one.scan, one.finger) for one in found.pieces), tuple(notes))

    def _of_record(self, data: bytes, source: str) -> Hands:
        record = record_in(data, source)
        if len(record) > MOST_PICTURES:
            raise UnreadableScan(f"{source}: {len(record)} pictures, of one file at most {MOST_PICTURES} are taken")
        found, failed = _Found(), []
        with self._decoding() as own:
            for one in finger_scans(record, self.ppi, own):
                error = self._add(found, one)
                if error is not None:
                    failed.append(error)
        if not found.scans:
            raise failed[0] if failed else UnreadableScan(f"{source}: holds no picture of a finger")
        notes = [
            *(f"{source}: {note}" for note in record.notes),
            *(f"{source}: {FINGERS[code]} is {why}" for code, why in record.missing),
            *found.notes,
            *(f"left out: {error}" for error in failed),
        ]
        return Hands(tuple(found.scans), tuple(dict.fromkeys(notes)), found.named)

    @contextmanager
    def _decoding(self) -> Iterator[Decode]:
        """Who decodes the pictures of a record: one process for all of them, unless somebody else does."""
        if self.decode is not None:
            yield self.decode
            return
        with closing(Decoder()) as decoder:
            yield decoder.decode

    def _add(self, found: _Found, one: FingerScan | Unusable) -> ScanError | None:
        """Adds what a picture shows; why it shows nothing that can be used."""
        if isinstance(one, Unusable):
            return one.reason
        found.notes += [f"{one.scan.source}: {finger} is {why}" for finger, why in one.missing]
        if not one.is_slap:
            rolled = one.image.impression in ROLLED
            found.scans.append(HandScan(one.scan, one.finger, rolled))
            found.named |= one.finger != FINGERS[0]
            return None
        try:
            hands = self._parted(one.scan, one.image.finger, [finger for finger, _ in one.missing])
        except ScanError as error:
            return error
        found.scans += hands.scans
        found.notes += hands.notes
        found.named = True
        return None


def is_card(path: str | Path) -> bool:
    """Whether a file begins as a record of pictures does."""
    return is_image_record(first_bytes(path, LOOKED_AT))


def chosen_probes(
    hands: Hands,
    asked: Sequence[Finger],
    enrolled: Collection[Finger],
    refusal: Callable[[Scan], FpverifyError | None],
) -> tuple[list[Scan], tuple[Finger, ...], list[str]]:
    """Which scans of a person's files are compared: one of each finger, of those that are enrolled.

    Args:
        hands: what the files show.
        asked: the finger or fingers that the caller names; none takes all.
        enrolled: fingers of the subject; with one of unknown name among them every scan may be of it.
        refusal: why a scan cannot be used.

    Returns:
        The scans; their names, none where they are not known on either side; and what was left out.

    Raises:
        NotEnrolled: no scan shows a finger that is enrolled or asked for.
        ScanError: none of those can be used.
    """
    unnamed = FINGERS[0] in enrolled or not hands.named
    wanted = set(asked) if asked and hands.named else set(FINGERS) if unnamed else set(enrolled)
    candidates = hands.one_each(wanted) if hands.named else hands.scans
    reasons = [(one, refusal(one.scan)) for one in candidates[:MOST_PROBES]]
    chosen = [one for one, reason in reasons if reason is None]
    failed = [reason for _, reason in reasons if reason is not None]
    if not chosen:
        if failed:
            raise failed[0]
        shown, there = ", ".join(dict.fromkeys(hands.fingers)), ", ".join(sorted(enrolled))
        raise NotEnrolled(f"the scans show {shown}; enrolled is {there}")
    notes = [f"left out: {reason}" for reason in failed]
    names = tuple(one.finger for one in chosen) if hands.named and (asked or not unnamed) else tuple(asked)
    return [one.scan for one in chosen], names, notes


def joined(hands: Sequence[Hands]) -> Hands:
    """Several files of one person."""
    scans = tuple(one for each in hands for one in each.scans)
    notes = tuple(dict.fromkeys(note for each in hands for note in each.notes))
    return Hands(scans, notes, any(each.named for each in hands))


def acquirable(hands: Hands, refuses: Iterator[FpverifyError | None]) -> Hands:
    """The hands without scans that are refused, and a note for each.

    Args:
        hands: some.
        refuses: for each scan why it is refused; None if it is not.

    Raises:
        ScanError: all of them are; the first reason.
    """
    reasons = list(refuses)
    kept = tuple(one for one, reason in zip(hands.scans, reasons, strict=True) if reason is None)
    failed = [reason for reason in reasons if reason is not None]
    if not kept:
        raise failed[0]
    return replace(hands, scans=kept, notes=(*hands.notes, *(f"left out: {reason}" for reason in failed)))
