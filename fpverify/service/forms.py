"""What requests hold: the fields of forms and queries, and what is made of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import File, Form, Query, UploadFile

from fpverify.errors import EnrollmentError
from fpverify.scans import scan_from_bytes
from fpverify.service.refusals import Refused
from fpverify.store import FINGER_CODES, subject_id
from fpverify.vocabulary import Scan

ScanFile = Annotated[UploadFile, File(description="Image of one finger: BMP, PNG, TIFF, JPEG, PGM or WSQ.")]
SubjectField = Annotated[str, Form(description="Subject: 1 to 256 characters on one line.", examples=["A"])]
SubjectQuery = Annotated[str, Query(description="Subject.", examples=["A"])]
FingerField = Annotated[str | None, Form(description="Such as right-index.", examples=["right-index"])]
FingerQuery = Annotated[str | None, Query(description="Such as right-index; all if not given.")]
Ppi = Annotated[float | None, Form(description="Resolution, if the file states none.", gt=0, le=10_000, examples=[500])]
Rate = Annotated[float | None, Form(description="False match rate.", gt=0, lt=1, examples=[0.001])]
Fpir = Annotated[float, Form(description="False positive identification rate.", gt=0, lt=1)]
Flag = Annotated[bool, Form()]


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


def scan_of(content: bytes, ppi: float | None) -> Scan:
    """The scan; messages do not name its file, which may be named for a person."""
    return scan_from_bytes(content, ppi=ppi, source="the scan")
