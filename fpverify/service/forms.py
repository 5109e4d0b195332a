"""What requests hold: the fields of forms and queries, and what is made of them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, cast, get_args, get_origin

import numpy as np
from fastapi import File, Form, Query, Request, UploadFile
from fastapi.params import File as FileField
from pydantic import Field

from fpverify.comparison.assignment import MOST_PROBES
from fpverify.enrollment.together import MOST_TOGETHER
from fpverify.errors import EnrollmentError, UnreadableScan
from fpverify.matching import names_for
from fpverify.scans import scan_from_bytes, scan_from_pixels
from fpverify.scans.pictures import Decode
from fpverify.service.captures import MEDIA_TYPE as CAPTURE
from fpverify.service.json_forms import FORMER, JSON, kind_of
from fpverify.service.refusals import Refused
from fpverify.store import FINGER_CODES, UNKNOWN_FINGER, subject_id
from fpverify.vocabulary import Finger, Scan

MULTIPART = "multipart/form-data"
MOST_SHOWN = 40  # characters of what nobody knows
LONGEST_WORD = 64  # characters of one for a capture, which has 22
URL_SAFE = bytes.maketrans(b"-_", b"+/")
MOST_SIDE_PX = 65_535  # of what is looked at; a scan has 4000 at most
LEAST_BYTES = 60  # shorter than any image: less than a BMP's headers
KINDS = "BMP, PNG, TIFF, JPEG, JPEG 2000, PGM or WSQ; or grey bytes, row by row, with width and height"
CARDS = "or cards (ANSI/NIST files, ISO/IEC 19794-4 or ANSI/INCITS 381 records), each finger of which counts"

Probe = Annotated[UploadFile, File(description=f"Image of one finger: {KINDS}.")]
Probes = Annotated[
    list[UploadFile],
    File(description=f"Images of one finger each, of one person, as many fields as there are scans: {KINDS}."),
]
HandProbes = Annotated[
    list[UploadFile],
    File(description=f"Images of one finger each, of one person, as many fields as there are scans: {KINDS}; {CARDS}."),
]
ReferenceScan = Annotated[UploadFile, File(description="Image that it is compared with, likewise.")]
ReferenceScans = Annotated[
    list[UploadFile],
    File(description=f"Images to keep, of one finger each, as many fields as there are scans: {KINDS}."),
]
HandReferences = Annotated[
    list[UploadFile],
    File(description=f"Images to keep, of one finger each, as many fields as there are scans: {KINDS}; {CARDS}."),
]
Touches = Annotated[
    list[UploadFile],
    File(description=f"Images of one finger, touch after touch in their order, as many fields as there are: {KINDS}."),
]
ProofFile = Annotated[
    UploadFile | None,
    File(description="Scan of an enrolled finger of the subject, to add to who is enrolled without an admin key."),
]
SubjectField = Annotated[str, Form(description="Subject: 1 to 256 characters on one line.", examples=["A"])]
SubjectQuery = Annotated[str, Query(description="Subject.", examples=["A"])]
FingerFields = Annotated[
    list[str] | None,
    Form(
        description="Such as right-index: one for each scan in their order, or one for all.", examples=[["right-index"]]
    ),
]
NamedFingers = Annotated[
    list[str], Form(description="Which fingers: one for each scan, or one for all.", examples=[["right-index"]])
]
FingerQuery = Annotated[str | None, Query(description="Such as right-index; all if not given.")]
Ppi = Annotated[
    list[Annotated[float, Field(gt=0, le=10_000)]] | None,
    Form(description="Resolution, if the file states none: one for each scan, or one for all.", examples=[[500]]),
]
Width = Annotated[
    list[Annotated[int, Field(ge=1, le=MOST_SIDE_PX)]] | None,
    Form(description="Pixels of a row, of grey bytes: one for each scan, or one for all."),
]
Height = Annotated[list[Annotated[int, Field(ge=1, le=MOST_SIDE_PX)]] | None, Form(description="Rows, likewise.")]
Rate = Annotated[
    float | None, Form(description="False match rate, no higher than the service's.", gt=0, lt=1, examples=[0.001])
]
Fpir = Annotated[
    float | None, Form(description="False positive identification rate, no higher than the service's.", gt=0, lt=1)
]
Flag = Annotated[bool, Form()]
Slap = Annotated[
    Literal["right", "left", "thumbs"] | None,
    Form(description="Scans show four fingers of this hand, or both thumbs; each is taken out and named."),
]
Missing = Annotated[
    list[str] | None, Form(description="Fingers that the slap lacks, if it does.", examples=[["left-ring"]])
]


async def require_form(request: Request) -> None:
    """Returns if a request is a form with the fields of its route, as far as names go, and what is a file.

    Raises:
        Refused: 422 that says what to send.
    """
    fields = {one.alias: one.field_info for one in request.scope["route"].dependant.body_params}
    most, taker = (MOST_TOGETHER, "an enrollment") if "reference" in fields else (MOST_PROBES, "a decision")
    kind_sent = kind_of(request)
    if kind_sent not in {MULTIPART, JSON}:
        what = f"is {kind_sent[:MOST_SHOWN]!r}, and no form" if kind_sent else "has no Content-Type"
        raise _not_so(fields, f"the request {what}")
    form = await request.form()
    for name in form.keys() - fields.keys():
        former = FORMER.get(request.scope["route"].path, {}).get(name)
        but = f"beside {former}, which is its present name" if former else f"but takes {', '.join(fields)}"
        raise _not_so(fields, f"the form has a field {name[:MOST_SHOWN]!r}, {but}")
    for name, kind in fields.items():
        if name not in form and kind.is_required():
            raise _not_so(fields, f"the form has no field {name}")
        given = form.getlist(name)
        texts = [one for one in given if isinstance(one, str)]
        if len(given) > 1 and not _takes_several(kind.annotation):  # one reader would take the first, another the last
            raise _not_so(fields, f"the form has {len(given)} fields {name}, and takes one")
        if isinstance(kind, FileField) and len(given) > most:  # before any is decoded
            raise Refused(422, "ScanError", f"{len(given)} scans were given; {taker} takes 1 to {most}")
        if isinstance(kind, FileField) and texts:
            is_coded = is_base64(texts[0].encode(errors="replace"))
            what = f"base64: send the bytes of the file, or {JSON}" if is_coded else "text: send a file"
            raise _not_so(fields, f"{name} is {what}")


def _takes_several(annotation: Any) -> bool:
    """Whether a field of this type holds a list."""
    return any(get_origin(one) is list for one in (annotation, *get_args(annotation)))


def require_strict(name: str, asked: float | None, own: float) -> None:
    """Returns if a request asks for a rate that is no higher than the service's, or for none.

    Raises:
        Refused: 422; what an operator set, no client loosens.
    """
    if asked is not None and asked > own:
        raise Refused(
            422, "LooserRate", f"{name} {asked:g} is looser than this service's {own:g}; ask for {own:g} or less"
        )


def _not_so(fields: Mapping[str, Any], wrong: str) -> Refused:
    required = {name: isinstance(kind, FileField) for name, kind in fields.items() if kind.is_required()}
    example = " ".join(f"-F {name}={'@scan.bmp' if is_file else 'A'}" for name, is_file in required.items())
    message = f"{wrong}; send {MULTIPART} with the fields {' and '.join(required)}, as curl {example} does"
    return Refused(422, "InvalidRequest", message)


def is_base64(content: bytes) -> bool:
    """Whether the content is text that stands for other bytes, as it is or in a data: URL."""
    text = b"".join(content.rpartition(b"base64,")[2].split()).translate(URL_SAFE)
    try:
        return len(b64decode(text + b"=" * (-len(text) % 4), validate=True)) >= LEAST_BYTES
    except ValueError:
        return False


def subject_of(text: str) -> str:
    """The subject, in the form that its id is kept in; refused is what cannot be kept."""
    try:
        return subject_id(text)
    except EnrollmentError as error:
        raise Refused(422, "EnrollmentError", str(error)) from error


def finger_of(name: str | None) -> Finger | None:
    """The finger, if it is one."""
    if name is not None and name not in FINGER_CODES:
        raise Refused(422, "EnrollmentError", f"no finger has this name; the names are {', '.join(FINGER_CODES)}")
    return cast(Finger | None, name)


def fingers_of(names: Sequence[str] | None, scans: int) -> tuple[Finger, ...] | None:
    """The finger of each scan, if they are named, and are fingers."""
    try:
        return names_for(scans, [name for given in names or () if (name := finger_of(given)) is not None])
    except ValueError as error:
        raise Refused(422, "InvalidRequest", str(error)) from error


def names_of(fingers: Sequence[Finger], scans: int) -> tuple[Finger, ...]:
    """The name of the finger of each scan, where none is given that of nobody's."""
    return names_for(scans, fingers) or (UNKNOWN_FINGER,) * scans


@dataclass(frozen=True, slots=True)
class SentScan:
    """A scan as it was sent.

    Attributes:
        content: of its file, or its pixels.
        ppi: resolution, if it was given.
        size_px: width and height of pixels; None for a file.
        captured: what the server's reader gave, in place of a file.
    """

    content: bytes
    ppi: float | None
    size_px: tuple[int, int] | None = None
    captured: Scan | None = None

    @property
    def is_file(self) -> bool:
        """Whether its content is that of a file."""
        return self.size_px is None and self.captured is None


async def sent_scans(
    scans: Sequence[UploadFile],
    ppi: Sequence[float] | None,
    width: Sequence[int] | None,
    height: Sequence[int] | None,
    captured: Callable[[str], Scan | None],
) -> list[SentScan]:
    """The scans of a request, with what was said of each of them, or of all.

    Args:
        scans: files, pixels, or words for what the server's reader gave.
        ppi: as in the form.
        width: likewise.
        height: likewise.
        captured: what the reader gave for the page that asks, by words.

    Raises:
        Refused: 422, there are more values than scans, or fewer, or no pixels of that size; 410, a capture is gone.
    """
    if (width is None) != (height is None):
        raise Refused(422, "InvalidRequest", "width and height of grey bytes belong together; a file states its own")
    each_ppi, widths, heights = (
        _each(len(scans), name, given) for name, given in (("ppi", ppi), ("width", width), ("height", height))
    )
    found = [
        _captured(await scan.read(), given, captured)
        if scan.content_type == CAPTURE
        else SentScan(await scan.read(), given, None if across is None or down is None else (int(across), int(down)))
        for scan, given, across, down in zip(scans, each_ppi, widths, heights, strict=True)
    ]
    for number, one in enumerate(found, 1):
        if one.size_px is not None and len(one.content) != one.size_px[0] * one.size_px[1]:
            size = f"{one.size_px[0]} x {one.size_px[1]} px"
            what = f"scan {number} has {len(one.content)} bytes, {size} of one byte each have"
            raise Refused(
                422, "InvalidRequest", f"{what} {one.size_px[0] * one.size_px[1]}; leave the size out of files"
            )
    return found


def _captured(content: bytes, ppi: float | None, captured: Callable[[str], Scan | None]) -> SentScan:
    scan = captured(content[:LONGEST_WORD].decode("ascii", "replace"))
    if scan is None:
        raise Refused(410, "CaptureGone", "what the reader gave is not kept any more; put the finger on it once more")
    return SentScan(b"", ppi, captured=scan)


def files_in(scans: Sequence[SentScan]) -> list[bytes]:
    """What has to be decoded."""
    return [one.content for one in scans if one.is_file]


def _each(count: int, name: str, given: Sequence[float] | None) -> Sequence[float | None]:
    """A value for each of some scans; one is that of all of them."""
    if given is None or len(given) == 0:
        return [None] * count
    if len(given) not in {1, count}:
        said = f"{len(given)} values of {name} for {count} {'scan' if count == 1 else 'scans'}"
        raise Refused(422, "InvalidRequest", f"{said}; give one for each, in their order, or one for all")
    return list(given) * (count if len(given) == 1 else 1)


def scan_of(sent: SentScan, decode: Decode, name: str = "the scan") -> Scan:
    """The scan; messages do not name its file, which may be named for a person."""
    if sent.captured is not None:
        if sent.ppi is not None:
            return scan_from_pixels(sent.captured.pixels, ppi=sent.ppi, source=name)
        return replace(sent.captured, source=name)
    if sent.size_px is not None:
        width, height = sent.size_px
        pixels = np.frombuffer(sent.content, np.uint8).reshape(height, width)
        return scan_from_pixels(pixels, ppi=sent.ppi, source=name)
    try:
        return scan_from_bytes(sent.content, ppi=sent.ppi, source=name, decode=decode)
    except UnreadableScan:
        if is_base64(sent.content):
            raise UnreadableScan(f"{name} is base64: send the bytes of the file") from None
        raise


def scans_of(sent: Sequence[SentScan], decode: Decode) -> list[Scan]:
    """The scans; of several, messages say which one by its number."""
    names = [f"scan {k}" for k in range(1, len(sent) + 1)] if len(sent) > 1 else ["the scan"]
    return [scan_of(one, decode, name) for one, name in zip(sent, names, strict=True)]
