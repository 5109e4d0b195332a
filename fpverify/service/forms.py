"""What requests hold: the fields of forms and queries, and what is made of them."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import File, Form, Query, Request, UploadFile
from fastapi.params import File as FileField

from fpverify.errors import EnrollmentError, UnreadableScan
from fpverify.matching import names_for
from fpverify.scans import scan_from_bytes
from fpverify.scans.pictures import Decode
from fpverify.service.refusals import Refused
from fpverify.store import FINGER_CODES, subject_id
from fpverify.vocabulary import Scan

MULTIPART = "multipart/form-data"
MOST_SHOWN = 40  # characters of what nobody knows
URL_SAFE = bytes.maketrans(b"-_", b"+/")
LEAST_BYTES = 60  # shorter than any image: less than a BMP's headers

ScanFile = Annotated[UploadFile, File(description="Image of one finger: BMP, PNG, TIFF, JPEG, JPEG 2000, PGM or WSQ.")]
ScanFiles = Annotated[
    list[UploadFile],
    File(description="Images of one finger each, of one person: as many fields of this name as there are scans."),
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
FingerQuery = Annotated[str | None, Query(description="Such as right-index; all if not given.")]
Ppi = Annotated[float | None, Form(description="Resolution, if the file states none.", gt=0, le=10_000, examples=[500])]
Rate = Annotated[
    float | None, Form(description="False match rate, no higher than the service's.", gt=0, lt=1, examples=[0.001])
]
Fpir = Annotated[
    float | None, Form(description="False positive identification rate, no higher than the service's.", gt=0, lt=1)
]
Flag = Annotated[bool, Form()]


async def require_form(request: Request) -> None:
    """Returns if a request is a form with the fields of its route, as far as names go, and what is a file.

    Raises:
        Refused: 422 that says what to send.
    """
    fields = {one.alias: one.field_info for one in request.scope["route"].dependant.body_params}
    kind_sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind_sent != MULTIPART:
        what = f"is {kind_sent[:MOST_SHOWN]!r}, and no form" if kind_sent else "has no Content-Type"
        raise _not_so(fields, f"the request {what}")
    form = await request.form()
    for name in form.keys() - fields.keys():
        raise _not_so(fields, f"the form has a field {name[:MOST_SHOWN]!r}, but takes {', '.join(fields)}")
    for name, kind in fields.items():
        if name not in form and kind.is_required():
            raise _not_so(fields, f"the form has no field {name}")
        texts = [one for one in form.getlist(name) if isinstance(one, str)]
        if isinstance(kind, FileField) and texts:
            what = "base64: send the bytes of the file" if is_base64(texts[0].encode()) else "text: send a file"
            raise _not_so(fields, f"{name} is {what}")


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


def finger_of(name: str | None) -> str | None:
    """The finger, if it is one."""
    if name is not None and name not in FINGER_CODES:
        raise Refused(422, "EnrollmentError", f"no finger has this name; the names are {', '.join(FINGER_CODES)}")
    return name


def fingers_of(names: Sequence[str] | None, scans: int) -> tuple[str, ...] | None:
    """The finger of each scan, if they are named, and are fingers."""
    try:
        return names_for(scans, [name for given in names or () if (name := finger_of(given)) is not None])
    except ValueError as error:
        raise Refused(422, "InvalidRequest", str(error)) from error


def scan_of(content: bytes, ppi: float | None, decode: Decode, name: str = "the scan") -> Scan:
    """The scan; messages do not name its file, which may be named for a person."""
    try:
        return scan_from_bytes(content, ppi=ppi, source=name, decode=decode)
    except UnreadableScan:
        if is_base64(content):
            raise UnreadableScan(f"{name} is base64: send the bytes of the file") from None
        raise


def scans_of(contents: Sequence[bytes], ppi: float | None, decode: Decode) -> list[Scan]:
    """The scans; of several, messages say which one by its number."""
    names = [f"scan {k}" for k in range(1, len(contents) + 1)] if len(contents) > 1 else ["the scan"]
    return [scan_of(content, ppi, decode, name) for content, name in zip(contents, names, strict=True)]
