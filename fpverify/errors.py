"""Everything that can go wrong, as one tree.

FpverifyError
├── ScanError (ValueError)       the scan that was given
│   ├── NotAScan (TypeError)       nothing that a scan can be read from
│   ├── UnreadableScan             missing, truncated, or not an image
│   ├── UnsupportedResolution      no plausible resolution, stated or estimated
│   ├── ScanTooLarge               more pixels than the stated limit
│   └── FailureToAcquire           an image, but no usable print in it
│       └── SeveralPrints            or the prints of several fingers
├── PresentationAttackSuspected  a detector takes a scan for a cast or a copy of a finger
├── DetectorError                a detector that was to be asked failed
├── EnrollmentError              the subject's record
│   ├── FailureToEnroll            a print too poor to be verified later
│   ├── DuplicateFinger            this finger is enrolled already
│   ├── ProofNeeded                to add to a subject takes one of its fingers
│   └── NotEnrolled (LookupError)  no such subject or finger
├── StoreError                   the store
│   ├── WrongKey                   the key does not open it
│   ├── UntrustedFile              others may change a file that decisions rest on
│   ├── CorruptRecord              damaged or altered data
│   │   └── DeletedRecord            a record that was deleted, and put back
│   ├── StoreLocked                another process holds it
│   └── StoreReadOnly              it may be read, but not written
├── ModelError                   the model
│   ├── UnknownModel               no bundle of that name or folder
│   ├── CorruptModel               a file does not fit its hash
│   ├── ModelMismatch              templates of two different models
│   └── UnsupportedRate (ValueError) no rate, or one without evidence
├── RecordError (ValueError)     a record of minutiae
│   ├── UnreadableRecord           missing, truncated, or not a record that can be
│   └── UnwritableRecord           more than the format can hold
├── RecipeError (ValueError)     a training recipe that cannot be followed
├── WrongKind (TypeError)        an argument of another kind than was expected
├── SettingsError (ValueError)   a setting nobody knows, or a value it cannot have
├── IndexUnavailable             an index of another program that cannot be asked
├── WorkersUnavailable           a cluster that does not work
├── MissingExtra (ImportError)   a library that not every installation has
├── ServiceError                 a server that cannot be reached, or refuses for another reason
└── TooFewComparisons (ValueError)  the data cannot support the rate

A message says what was given and what would have been right, in one line.
A non-match is an answer, not an error.
"""


class FpverifyError(Exception):
    """Base of every error that fpverify raises on purpose."""

    @property
    def facts(self) -> dict[str, int]:
        """What programs are told besides the name and the message."""
        return {}


class ScanError(FpverifyError, ValueError):
    """The scan that was given cannot be used."""


class NotAScan(ScanError, TypeError):
    """What was given is nothing that a scan can be read from."""


class UnreadableScan(ScanError):
    """The file is missing, truncated, or not an image."""


class UnsupportedResolution(ScanError):
    """No plausible resolution: neither stated nor to be estimated."""


class ScanTooLarge(ScanError):
    """The image has more pixels than the stated limit."""


class FailureToAcquire(ScanError):
    """An image was read, but there is no usable print in it."""


class SeveralPrints(FailureToAcquire):
    """The image shows more than one finger: as one print it would match each of them.

    Attributes:
        prints_seen: at least how many there are.
    """

    def __init__(self, message: str, prints_seen: int = 2) -> None:
        super().__init__(message)
        self.prints_seen = prints_seen

    @property
    def facts(self) -> dict[str, int]:
        """The number of prints."""
        return {"prints_seen": self.prints_seen}


class PresentationAttackSuspected(FpverifyError):
    """A detector takes what was presented for no finger: neither a match nor a non-match."""


class DetectorError(FpverifyError):
    """A detector of presentation attacks failed; nothing is decided without it."""


class EnrollmentError(FpverifyError):
    """The subject's record does not allow what was asked."""


class FailureToEnroll(EnrollmentError):
    """The print is too poor to be verified against later."""


class DuplicateFinger(EnrollmentError):
    """This finger is enrolled already."""


class ProofNeeded(EnrollmentError):
    """The subject is enrolled: a finger is added by whoever shows one that is, or by an administrator."""


class NotEnrolled(EnrollmentError, LookupError):
    """No such subject, or no such finger of the subject."""


class StoreError(FpverifyError):
    """The enrollment store cannot be used."""


class WrongKey(StoreError):
    """The key does not open the store."""


class UntrustedFile(StoreError):
    """A file that decisions rest on is somebody else's, or others may write it or its folder."""


class CorruptRecord(StoreError):
    """The store or one of its records is damaged or was altered."""


class DeletedRecord(CorruptRecord):
    """A record that the audit trail says was deleted, or is another subject's by now, was put back.

    Attributes:
        word: "deleted" or "renamed".
    """

    def __init__(self, message: str, word: str = "deleted") -> None:
        super().__init__(message)
        self.word = word


class StoreLocked(StoreError):
    """Another process holds the store."""


class StoreReadOnly(StoreError):
    """The store may be read, but not written."""


class ModelError(FpverifyError):
    """The model cannot be used."""


class UnknownModel(ModelError):
    """No bundle has this name or lies in this folder."""


class CorruptModel(ModelError):
    """A file of the bundle is missing or does not fit its hash."""


class ModelMismatch(ModelError):
    """Two templates, or a template and a model, do not belong together."""


class UnsupportedRate(ModelError, ValueError):
    """What was given is no rate of errors, or one that the model has no evidence for."""


class RecordError(FpverifyError, ValueError):
    """A record of minutiae cannot be read or written."""


class UnreadableRecord(RecordError):
    """The file is missing, truncated, or not a record of minutiae that can be."""


class UnwritableRecord(RecordError):
    """The format cannot hold what the record holds, or needs what it lacks."""


class RecipeError(FpverifyError, ValueError):
    """A training recipe that cannot be followed."""


class WrongKind(FpverifyError, TypeError):
    """An argument is of another kind than was expected."""

    def __init__(self, expected: str, *given: object) -> None:
        """The error for an argument, of which nothing but its type is told.

        Args:
            expected: what it should have been, as "a Template was expected".
            given: what it was; nothing where the first says all, as from another process.
        """
        super().__init__(f"{expected}, not {kind_of(given[0])}" if given else expected)


class SettingsError(FpverifyError, ValueError):
    """A setting nobody knows, or a value that it cannot have."""


class IndexUnavailable(FpverifyError):
    """An index that another program keeps cannot be reached, or refuses; nothing was decided."""


class WorkersUnavailable(FpverifyError):
    """Processes of other machines that were to work cannot be had."""


class MissingExtra(FpverifyError, ImportError):
    """A library is not installed that not every installation has; the message says how to get it."""


class TooFewComparisons(FpverifyError, ValueError):
    """There are too few comparisons to support the stated rate."""


class ServiceError(FpverifyError):
    """A server cannot be reached, or refuses for a reason that none of the other errors names.

    Attributes:
        status: of the HTTP answer; None if there was none.
        retry_after_s: seconds after which to try again, if the server says so.
    """

    def __init__(self, message: str, status: int | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


def kind_of(given: object) -> str:
    """What an argument is, for messages: nothing of its content."""
    return "None" if given is None else f"of type {type(given).__name__}"
