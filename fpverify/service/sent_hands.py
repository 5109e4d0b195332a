"""What a request shows of a person's hands: scans of one finger each, cards of many, slaps of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fpverify.enrollment.named_hands import named_hands
from fpverify.errors import EnrollmentError, ScanError, UnreadableScan
from fpverify.formats.containers import is_image_record
from fpverify.hands import HandReader, Hands, acquirable, chosen_probes, joined
from fpverify.scans.pictures import Decode
from fpverify.service.forms import SentScan, finger_of, fingers_of, is_base64, names_of, scan_of, scans_of
from fpverify.service.refusals import Refused
from fpverify.verifier import Verifier
from fpverify.vocabulary import Finger, Scan


@dataclass(frozen=True, slots=True)
class SentHands:
    """The scans of a request, and what it says of them.

    Attributes:
        sent: scans, cards or slaps.
        fingers: names that the request gives.
        slap: what the pictures show, as in `HandReader`.
        missing: fingers that slaps lack.
    """

    sent: Sequence[SentScan]
    fingers: tuple[Finger, ...]
    slap: str | None
    missing: tuple[Finger, ...]

    @classmethod
    def of(
        cls, sent: Sequence[SentScan], fingers: Sequence[str] | None, slap: str | None, missing: Sequence[str] | None
    ) -> SentHands:
        """Those of a form's fields; raises Refused, 422."""
        if missing and slap is None:
            raise Refused(422, "InvalidRequest", "missing is of a slap; say slap: right, left or thumbs")
        gone = tuple(one for name in missing or () if (one := finger_of(name)) is not None)
        found = cls(sent, tuple(one for name in fingers or () if (one := finger_of(name)) is not None), slap, gone)
        if not found.show_several:
            fingers_of(found.fingers, len(sent))
        return found

    @property
    def show_several(self) -> bool:
        """Whether a scan of it may show several fingers: a slap, or a record of pictures."""
        return self.slap is not None or any(one.is_file and is_image_record(one.content) for one in self.sent)

    def enrollable(self, verifier: Verifier, decode: Decode) -> tuple[list[Scan], tuple[Finger, ...], tuple[str, ...]]:
        """The scans that are good enough, their fingers, and what was left out of cards and slaps.

        Raises:
            Refused: 422, the request names fingers that the scans name otherwise.
            FpverifyError: a scan cannot be used; of cards and slaps, none can.
        """
        if not self.show_several:
            return scans_of(self.sent, decode), names_of(self.fingers, len(self.sent)), ()
        hands = self._hands(decode)
        try:
            named = named_hands(hands, self.fingers)
        except (EnrollmentError, ScanError) as error:
            raise Refused(422, "InvalidRequest", str(error)) from error
        kept = acquirable(named, (verifier.refusal(one.scan, enrolls=True) for one in named.scans))
        return [one.scan for one in kept.scans], kept.fingers, kept.notes

    def probes(self, verifier: Verifier, decode: Decode, subject: str) -> tuple[list[Scan], tuple[Finger, ...] | None]:
        """The scans to be compared with a subject's fingers, and which they are; of cards and slaps one of each finger.

        Raises:
            NotEnrolled: no such subject, or none of the fingers that the scans show.
            ScanError: no scan can be used.
        """
        if not self.show_several:
            return scans_of(self.sent, decode), fingers_of(self.fingers, len(self.sent))
        enrolled = {one.finger for one in verifier.references(subject)}
        hands = self._hands(decode)
        scans, names, _ = chosen_probes(
            hands, self.fingers, enrolled, lambda scan: verifier.refusal(scan, enrolls=False)
        )
        return scans, names

    def _hands(self, decode: Decode) -> Hands:
        several = len(self.sent) > 1
        return joined(
            [
                self._of_one(one, f"scan {number}" if several else "the scan", decode)
                for number, one in enumerate(self.sent, 1)
            ]
        )

    def _of_one(self, sent: SentScan, name: str, decode: Decode) -> Hands:
        reader = HandReader(sent.ppi, self.slap, self.missing, decode)
        if not sent.is_file:
            return reader.of_scan(scan_of(sent, decode, name))
        try:
            return reader.read(name, sent.content)
        except UnreadableScan:
            if is_base64(sent.content):
                raise UnreadableScan(f"{name} is base64: send the bytes of the file") from None
            raise
