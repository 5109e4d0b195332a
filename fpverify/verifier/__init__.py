"""The object an application holds: it enrolls fingers and decides whether a scan shows one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, cast

from fpverify.errors import (
    DeletedRecord,
    DuplicateFinger,
    PresentationAttackSuspected,
    ScanError,
    StoreError,
    StoreReadOnly,
    WrongKind,
)
from fpverify.matching import Matcher, Matchers, Probes, names_for, require_different
from fpverify.settings import load_settings, parse_fmr, parse_fpir, parse_top
from fpverify.store import UNKNOWN_FINGER, Store, subject_id
from fpverify.store.connections import Connections
from fpverify.store.location import is_server_url, store_file
from fpverify.verifier.long_work import LongWork
from fpverify.vocabulary import Decision, Finger, Identification, PadResult, Reference, Scan, ScanSource

if TYPE_CHECKING:
    from fpverify.matching import PadDetector
    from fpverify.search.enrolled import Enrolled
    from fpverify.search.register import Registers
    from fpverify.store import FingerSummary

DEFAULT_FPIR = 0.01  # of an identification: one visitor in a hundred is taken for somebody enrolled
TOP = 5  # candidates of an identification


class Verifier(LongWork):
    """Enrolls and verifies against one store, at one false match rate unless told otherwise.

    One model enrolls; what another has enrolled is compared by that one, as long as its bundle is installed.

    Wherever a scan is expected, a path, the bytes of a file, a binary file, a PIL image or an array will do as well.

    Threads may share one that `Verifier.open` made: each has a connection of its own to the store, which is closed when
    the thread ends. Any number of processes may have the same store open. If another file takes the place of the
    store's, such as a backup that is restored, it goes on with that one, or says why it cannot.

    Attributes:
        matcher: the model that enrolls.
        matchers: it, and those that made references before.
        fmr: false match rate of a decision, in (0, 1).
        keeps_scans: scans are kept beside their templates, sealed, so that a later model can make its own.
        keeps_skin: of prints what touches of small sensors are compared with is kept, see `Matcher.enrolled`.
        notes_decisions: verifications and identifications are entered in the audit trail.
        learns: strong matches of verifications are kept as further impressions, see `fpverify.verifier.learning`.
        pad: detector of presentation attacks that is asked about every scan; None for none.
        ppi: resolution of every file; None takes each file's own.
    """

    def __init__(
        self,
        store: Store,
        matcher: Matcher,
        fmr: float,
        *,
        index: str = "auto",
        registers: Registers | None = None,
        keeps_scans: bool = False,
        keeps_skin: bool = False,
        notes_decisions: bool = True,
        learns: bool = False,
        reopen: Callable[[], Store] | None = None,
        matchers: Matchers | None = None,
        pad: PadDetector | None = None,
        ppi: float | None = None,
    ) -> None:
        self._connections = Connections(store, reopen)
        self._lock = Lock()
        self.matcher = matcher
        self.matchers = Matchers(matcher) if matchers is None else matchers
        self.fmr = fmr
        self._index = index
        self._registers = registers
        self.keeps_scans = keeps_scans
        self.keeps_skin = keeps_skin
        self.notes_decisions = notes_decisions
        self.learns = learns
        self.pad = pad
        self.ppi = ppi

    @classmethod
    def open(
        cls,
        store: str | Path | None = None,
        *,
        model: str | Path | None = None,
        calibration: str | Path | None = None,
        fmr: float | None = None,
        key: str | None = None,
        create: bool = True,
        index: str | None = None,
        registers: Registers | None = None,
        models: str | Path | None = None,
        pad: PadDetector | str | None = None,
        ppi: float | None = None,
    ) -> Verifier:
        """A verifier; what is not given comes from the settings.

        Args:
            store: folder or file of the enrollment store.
            model: name of an installed bundle, or a bundle's folder.
            calibration: file of `fpverify calibrate`, in place of that model's own; or a folder of some, each for the
                model that it was made for.
            fmr: false match rate of a decision, in (0, 1).
            key: where the store's key is kept, as `Store.open` takes it.
            create: make the store if there is none.
            index: what finds a probe's likeliest among many: `auto`, `exact`, `ivf` or `none`.
            registers: shared with other verifiers of the same store; they have an index already.
            models: folder of former bundles, for references that other models have made.
            pad: detector of presentation attacks, or the name that an installed package offers it under.
            ppi: resolution of every file, 100 to 2000; None takes each file's own.

        Raises:
            ModelError: the model is unknown or damaged.
            StoreError: the store cannot be used.
            SettingsError: a setting is wrong.
        """
        settings = load_settings(
            db=store, model=model, models=models, calibration=calibration, fmr=fmr, key=key, index=index, ppi=ppi
        )
        matcher = Matcher.load(settings.model, settings.calibration, settings.models)
        location = settings.db if is_server_url(settings.db) else store_file(settings.db)  # in any working directory

        def opened(*, create: bool = False) -> Store:
            return Store.open(location, create=create, key=settings.key, trust_permissions=settings.trust_permissions)

        return cls(
            opened(create=create),
            matcher,
            settings.fmr,
            index=settings.index,
            registers=registers,
            keeps_scans=settings.keep_scans,
            keeps_skin=settings.keep_skin,
            notes_decisions=settings.note_decisions,
            learns=settings.learn,
            reopen=opened,
            matchers=Matchers(matcher, settings.models, settings.calibration),
            pad=_detector(settings.pad if pad is None else pad),
            ppi=settings.ppi,
        )

    @property
    def store(self) -> Store:
        """The references, by this thread's connection.

        Raises:
            StoreError: the verifier is closed; or another file has taken the place of the store's, and cannot be
                opened.
        """
        return self._connections.store

    @property
    def registers(self) -> Registers:
        """What is enrolled, for searching it; verifiers of several threads may share one.

        Loaded with the first search: a verification needs none.
        """
        with self._lock:
            if self._registers is None:
                from fpverify.search.register import Registers

                self._registers = Registers(self._index)
            return self._registers

    @property
    def enrolled(self) -> Enrolled:
        """All that is enrolled now, as far as the models that made it are installed, for searching it.

        Raises:
            CorruptModel: a model of references is damaged.
            StoreError: the store cannot be read.
            SettingsError: the index cannot be had.
        """
        from fpverify.search.enrolled import Enrolled

        return Enrolled.current(self.registers, self.store, self.matchers)

    def close(self) -> None:
        """Closes the store, for all threads; what another one is at with it is ended first."""
        self._connections.close()

    def __enter__(self) -> Verifier:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def enroll(
        self,
        scan: ScanSource,
        subject: str,
        finger: Finger = UNKNOWN_FINGER,
        *,
        ppi: float | None = None,
        unchecked: bool = False,
    ) -> Reference:
        """Keeps a scan as one more impression of a subject's finger. When this returns, it is on disk.

        Args:
            scan: of the finger, as `read_scan` takes it.
            subject: 1 to 256 characters of Unicode on one line.
            finger: its name; see `fpverify.FINGERS`.
            ppi: resolution of the scan, 100 to 2000; None takes the verifier's, or what the file says.
            unchecked: neither compare it with the finger's other impressions nor look for it among all others.

        Raises:
            NotAScan, ScanError: no scan can be read from what was given.
            PresentationAttackSuspected: the detector of presentation attacks, if there is one, takes it for one.
            FailureToAcquire: there is no usable print in the scan.
            FailureToEnroll: the print is too poor: who is enrolled with it would often be refused later.
            DuplicateFinger: the finger is enrolled already, under another id or name.
            EnrollmentError: the subject's id cannot be kept, or no finger has this name, or the scan does not agree
                with the impressions that the finger has.
            StoreError: the store cannot be written; nothing was changed.
        """
        from fpverify.matching import require_quality

        given = self._read(scan, ppi)
        self._presented("enroll", [given], (subject, finger))
        probes = Probes(self.matchers, [given])
        template = probes.of(self.matcher.model_id).templates[0]
        require_quality(template, given.source)
        if not unchecked:
            self._require_one_finger(probes, given.source, subject, finger)
        kept = self.matcher.enrolled(given, template, keeps_skin=self.keeps_skin)
        return self.store.add(subject, finger, kept, scan=given if self.keeps_scans else None)

    def enroll_together(
        self,
        scans: Sequence[ScanSource],
        subject: str,
        fingers: Sequence[Finger],
        *,
        ppi: float | None = None,
        unchecked: bool = False,
        must_be_new: bool = False,
        replaces: bool = False,
        kept: Callable[[list[Reference]], None] | None = None,
    ) -> list[Reference]:
        """Keeps several scans of one subject, all of them or none; see `fpverify.enrollment.together`.

        Args:
            scans: of the fingers.
            subject: as in `enroll`.
            fingers: a name for each scan.
            ppi: resolution of all the scans, as in `enroll`.
            unchecked: as in `enroll`.
            must_be_new: refuse a subject that is enrolled, with ProofNeeded.
            replaces: in place of what is enrolled of these fingers, of a subject that is enrolled.
            kept: told of the impressions within the change that keeps them.
        """
        from fpverify.enrollment.together import enroll_together

        names = [fingers] if isinstance(fingers, str) else fingers
        if not isinstance(names, Sequence):
            raise WrongKind("a list of names of fingers was expected", fingers)
        given = self._read_all(scans, ppi)
        if len(names) != len(given):
            raise ScanError(f"{len(given)} scans and {len(names)} fingers were given: name a finger for each scan")
        self._presented("enroll", given, (subject, None))
        return enroll_together(
            self.store,
            self.matchers,
            list(zip(given, names, strict=True)),
            subject,
            check=None if unchecked else self._require_one_finger,
            keeps_scans=self.keeps_scans,
            keeps_skin=self.keeps_skin,
            must_be_new=must_be_new,
            replaces=replaces,
            kept=kept,
        )

    def verify(
        self,
        scan: ScanSource | Sequence[ScanSource],
        subject: str,
        finger: Finger | Sequence[Finger] | None = None,
        *,
        fmr: float | None = None,
        ppi: float | None = None,
        learn: bool | None = None,
        as_enrolled: bool = False,
    ) -> Decision:
        """Whether a scan, or several of one person together, show a subject's fingers.

        Each scan is compared with every enrolled impression, by the model that made that one; the false match rate is
        that of the whole decision, however many there are. Scans of different fingers add up, each with an enrolled
        finger of its own: as they are named, or as they fit best. Of scans of one finger the best counts.

        Args:
            scan: of the finger, as `read_scan` takes it; or a list of several, of one finger or of different ones.
            subject: who it is claimed to be.
            finger: which finger, one for each scan in their order or one for all; None is any of the subject's.
            fmr: false match rate of this decision, in (0, 1); None is the verifier's own.
            ppi: resolution of the scans, as in `enroll`.
            learn: keep a strong match as a further impression, which `Decision.learnt` tells; None is the verifier's
                own. What cannot be kept is no error.
            as_enrolled: nothing counts that was learnt, and nothing is: of what is to be proven.

        Raises:
            NotEnrolled: the store has no such subject or finger.
            PresentationAttackSuspected: as in `enroll`; it is in the audit trail.
            FailureToAcquire: there is no usable print in a scan; names it.
            ScanError: no scan, too many, one picture twice, or more or fewer fingers than scans.
            UnsupportedRate: `fmr` is no rate, or one that the model has no evidence for.
            ModelMismatch: the finger was enrolled with a model that is not installed.
            CorruptModel: that model is damaged.
            DeletedRecord: one of the subject's records was deleted, and put back by somebody.
            StoreError: the store cannot be read.
        """
        rate = self.fmr if fmr is None else parse_fmr(fmr)
        scans = self._read_all(scan, ppi)
        names = names_for(len(scans), finger)
        require_different(scans)
        asked = [None] if names is None else dict.fromkeys(names)
        known = [self._believed(subject, name, as_enrolled=as_enrolled) for name in asked]
        references = [one for each in known for one in self.matchers.comparable(each)]
        whose = references[0].subject, next(iter(asked)) if len(asked) == 1 else None
        pad = self._presented("verify", scans, whose)
        models = dict.fromkeys(one.model_id for one in references)
        point = self.matchers.operating_point(rate, models)
        probes = Probes(self.matchers, scans, names)
        judged = probes.judged(references)
        taken = tuple(one.taken for one in scans)
        basis = self.matchers.basis(models)
        decision = Decision(judged.score, point, references[0].subject, judged.finger, judged.probes, pad, taken, basis)
        self._note("verify", whose, decision, len(scans), model=" ".join(models), fmr=point.target_fmr)
        if (self.learns if learn is None else learn) and decision.match and not as_enrolled:
            from fpverify.verifier.learning import learnt

            return replace(decision, learnt=learnt(self, scans, probes, references, decision))
        return decision

    def identify(
        self,
        scan: ScanSource | Sequence[ScanSource],
        *,
        top: int = TOP,
        fpir: float = DEFAULT_FPIR,
        ppi: float | None = None,
    ) -> Identification:
        """Whose finger a scan shows, or whose fingers several of one person do, of all that are enrolled.

        The threshold is that at which a probe of nobody enrolled matches any of the references at the rate `fpir`; for
        a large store it lies beyond the evidence, where the calibration follows the tail of the evidence. Several scans
        are one decision, as in `verify`, and the candidates are subjects.

        Args:
            scan: of the finger, as `read_scan` takes it; or a list of several, of one finger or of different ones.
            top: most candidates to return, at least 1.
            fpir: false positive identification rate, in (0, 1).
            ppi: resolution of the scans, as in `enroll`.

        Raises:
            PresentationAttackSuspected: as in `verify`.
            FailureToAcquire: there is no usable print in a scan; names it.
            ScanError: no scan, too many, or one picture twice.
            UnsupportedRate: `fpir` is no rate.
            SettingsError: `top` is no number from 1 on.
            ModelMismatch: there are references, and none of their models is installed.
            StoreError: the store cannot be read.
        """
        rate, most = parse_fpir(fpir), parse_top(top)
        scans = self._read_all(scan, ppi)
        require_different(scans)
        pad = self._presented("identify", scans, (None, None))
        enrolled = self.enrolled
        found = enrolled.identify(Probes(self.matchers, scans), top=most, fpir=rate)
        found = replace(found, pad=pad, taken=tuple(one.taken for one in scans))
        whose = (found.matches[0].subject, found.matches[0].finger) if found.matches else (None, None)
        self._note("identify", whose, found, len(scans), model=" ".join(enrolled.model_ids), fpir=rate)
        return found

    def references(self, subject: str, finger: Finger | None = None) -> list[Reference]:
        """All impressions of a subject, or of one finger of it; errors as in `Store.references`."""
        return self.store.references(subject, finger)

    def fingers(self) -> list[FingerSummary]:
        """What the store holds, one row for each finger; errors as in `Store.subjects`."""
        return self.store.subjects()

    def _read(self, scan: ScanSource, ppi: float | None) -> Scan:
        from fpverify.scans.acquisition import scan_of

        return scan_of(scan, ppi, self.ppi)

    def _read_all(self, scans: ScanSource | Sequence[ScanSource], ppi: float | None) -> list[Scan]:
        """One scan, or those of a list."""
        if isinstance(scans, Sequence) and not isinstance(scans, str | bytes | bytearray | memoryview):
            return [self._read(one, ppi) for one in scans]
        return [self._read(cast("ScanSource", scans), ppi)]

    def _require_one_finger(self, probes: Probes, source: str, subject: str, finger: str) -> None:
        """Returns if a new impression is of the finger it is said to be of, as far as the store can tell."""
        from fpverify.matching import require_agreement

        enrolled, probe = self.enrolled, probes.each()[0]
        failures = probes.seen_by([self.matcher.model_id, *enrolled.model_ids])
        enrolled = enrolled.of_models([one for one, failure in failures.items() if failure is None])
        mine = enrolled.impressions(subject, finger)
        known = [one.template for one in mine if not one.learnt]
        require_agreement(self.matchers, probe, known, source, f"{subject!r}, {finger}")
        for match in enrolled.duplicates(probe, mine):
            raise DuplicateFinger(
                f"{source}: this finger is enrolled already, of {match.subject!r}, {match.finger} (score "
                f"{match.score.value:.1f}); enroll it unchecked if that is meant"
            )

    def _presented(
        self, action: str, scans: Sequence[Scan], whose: tuple[str | None, str | None]
    ) -> tuple[PadResult, ...]:
        """What the detector of presentation attacks says; one that is suspected is in the audit trail."""
        if self.pad is None:
            return ()
        from fpverify.matching import checked_presentation

        try:
            return checked_presentation(self.pad, scans)
        except PresentationAttackSuspected:
            if self.notes_decisions:
                details = {"decision": "presentation attack suspected", "pad": self.pad.name}
                with suppress(StoreError):  # suspected it is all the same
                    self.store.append_audit(action, *whose, **details)
            raise

    def _note(
        self,
        action: str,
        whose: tuple[str | None, str | None],
        made: Decision | Identification,
        scans: int,
        **details: str | float | None,
    ) -> None:
        """Writes a decision into the audit trail: that it was made and how it went, not how near it was.

        Raises:
            StoreError: the store it was made by cannot be written, or its place was taken meanwhile.
        """
        if not self.notes_decisions:
            return
        if scans > 1:
            details["scans"] = scans
        if self.pad is not None:
            details["pad"] = self.pad.name
        try:
            self._connections.present.note_decision(action, whose[0], whose[1], decision=made.word, **details)
        except StoreReadOnly as error:
            raise StoreReadOnly(
                f"{error}; or decide without a note of it: note_decisions: no in fpverify.yaml, or "
                "FPVERIFY_NOTE_DECISIONS=no"
            ) from error

    def _believed(self, subject: str, finger: str | None, *, as_enrolled: bool) -> list[Reference]:
        """The references; if one was put back after it was deleted, a note of that stays in the audit trail."""
        try:
            found = self.store.references(subject, finger)
            return [one for one in found if not one.learnt] if as_enrolled else found
        except DeletedRecord as error:
            if self.notes_decisions:
                with suppress(StoreError):
                    self._connections.present.append_audit("refuse", subject_id(subject), finger, because=error.word)
            raise


def _detector(pad: PadDetector | str | None) -> PadDetector | None:
    """The detector of presentation attacks, by itself or by its name."""
    if not isinstance(pad, str):
        return pad
    from fpverify.matching import installed_detector

    return installed_detector(pad)
