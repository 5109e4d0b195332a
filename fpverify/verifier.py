"""The object an application holds: it enrolls fingers and decides whether a scan shows one of them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from fpverify.errors import (
    DeletedRecord,
    DuplicateFinger,
    PresentationAttackSuspected,
    StoreError,
    StoreReadOnly,
)
from fpverify.matching import (
    Matcher,
    Matchers,
    PadDetector,
    Probes,
    checked_presentation,
    installed_detector,
    names_for,
    require_agreement,
    require_different,
    require_quality,
)
from fpverify.settings import Settings, is_engine_url, load_settings, parse_fmr
from fpverify.store import UNKNOWN_FINGER, FingerSummary, Store, subject_id
from fpverify.store.location import is_server_url, store_file
from fpverify.vocabulary import Decision, Evaluation, Identification, PadResult, Reference, Scan

if TYPE_CHECKING:
    from fpverify.enrollment import EnrollmentRow, Migrated, RowOutcome
    from fpverify.evaluation.sets.protocol import Protocol
    from fpverify.executors import Workforce
    from fpverify.search.doubles import DuplicatePair
    from fpverify.search.enrolled import Enrolled
    from fpverify.search.register import Registers

DEFAULT_FPIR = 0.01  # of an identification: one visitor in a hundred is taken for somebody enrolled
TOP = 5  # candidates of an identification


class Verifier:
    """Enrolls and verifies against one store, at one false match rate unless told otherwise.

    One model enrolls; what another has enrolled is compared by that one, as long as its bundle is installed.

    One thread uses it; any number of processes may have the same store open. If another file takes the place of the
    store's, such as a backup that is restored, `Verifier.open`'s verifiers go on with that one, or say why they cannot.

    Attributes:
        matcher: the model that enrolls.
        matchers: it, and those that made references before.
        fmr: false match rate of a decision, in (0, 1).
        keeps_scans: scans are kept beside their templates, sealed, so that a later model can make its own.
        notes_decisions: verifications and identifications are entered in the audit trail.
        pad: detector of presentation attacks that is asked about every scan; None for none.
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
        notes_decisions: bool = True,
        reopen: Callable[[], Store] | None = None,
        matchers: Matchers | None = None,
        pad: PadDetector | None = None,
    ) -> None:
        self._store = store
        self._reopen = reopen
        self.matcher = matcher
        self.matchers = Matchers(matcher) if matchers is None else matchers
        self.fmr = fmr
        self._index = index
        self._registers = registers
        self.keeps_scans = keeps_scans
        self.notes_decisions = notes_decisions
        self.pad = pad

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

        Raises:
            ModelError: the model is unknown or damaged.
            StoreError: the store cannot be used.
            SettingsError: a setting is wrong.
        """
        settings = load_settings(
            db=store, model=model, models=models, calibration=calibration, fmr=fmr, key=key, index=index
        )
        matcher = Matcher.load(settings.model, settings.calibration, settings.models)
        location = settings.db if is_server_url(settings.db) else store_file(settings.db)  # in any working directory
        return cls(
            Store.open(location, create=create, key=settings.key, trust_permissions=settings.trust_permissions),
            matcher,
            settings.fmr,
            index=settings.index,
            registers=registers,
            keeps_scans=settings.keep_scans,
            notes_decisions=settings.note_decisions,
            reopen=lambda: Store.open(
                location, create=False, key=settings.key, trust_permissions=settings.trust_permissions
            ),
            matchers=Matchers(matcher, settings.models, settings.calibration),
            pad=installed_detector(name) if isinstance(name := pad or settings.pad, str) else name,
        )

    @property
    def store(self) -> Store:
        """The references.

        Raises:
            StoreError: another file has taken the place of the store's, and cannot be opened.
        """
        if self._reopen is not None and self._store.is_moved():
            self._store.close()
            self._store = self._reopen()
        return self._store

    @property
    def registers(self) -> Registers:
        """What is enrolled, for searching it; verifiers of several threads may share one.

        Loaded with the first search: a verification needs none.
        """
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
        """Closes the store."""
        self._reopen = None
        self._store.close()

    def __enter__(self) -> Verifier:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def enroll(self, scan: Scan, subject: str, finger: str = UNKNOWN_FINGER, *, unchecked: bool = False) -> Reference:
        """Keeps a scan as one more impression of a subject's finger. When this returns, it is on disk.

        Args:
            scan: of the finger.
            subject: 1 to 256 characters of Unicode on one line.
            finger: a name of `fpverify.store.FINGER_CODES`.
            unchecked: neither compare it with the finger's other impressions nor look for it among all others.

        Raises:
            PresentationAttackSuspected: the detector of presentation attacks, if there is one, takes it for one.
            FailureToAcquire: there is no usable print in the scan.
            FailureToEnroll: the print is too poor: who is enrolled with it would often be refused later.
            DuplicateFinger: the finger is enrolled already, under another id or name.
            EnrollmentError: the subject's id cannot be kept, or no finger has this name, or the scan does not agree
                with the impressions that the finger has.
            StoreError: the store cannot be written; nothing was changed.
        """
        self._presented("enroll", [scan], (subject, finger))
        probes = Probes(self.matchers, [scan])
        template = probes.of(self.matcher.model_id).templates[0]
        require_quality(template, scan.source)
        if not unchecked:
            self._require_one_finger(probes, scan.source, subject, finger)
        return self.store.add(subject, finger, template, scan=scan if self.keeps_scans else None)

    def enroll_together(
        self,
        scans: Sequence[Scan],
        subject: str,
        fingers: Sequence[str],
        *,
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
            unchecked: as in `enroll`.
            must_be_new: refuse a subject that is enrolled, with ProofNeeded.
            replaces: in place of what is enrolled of these fingers.
            kept: told of the impressions within the change that keeps them.
        """
        from fpverify.enrollment.together import enroll_together

        self._presented("enroll", scans, (subject, None))
        return enroll_together(
            self.store,
            self.matchers,
            list(zip(scans, fingers, strict=True)),
            subject,
            check=None if unchecked else self._require_one_finger,
            keeps_scans=self.keeps_scans,
            must_be_new=must_be_new,
            replaces=replaces,
            kept=kept,
        )

    def enroll_many(
        self,
        rows: Iterable[EnrollmentRow | None],
        *,
        unchecked: bool = False,
        rehearsal: bool = False,
        workforce: Workforce | None = None,
        ppi: float | None = None,
    ) -> Iterator[RowOutcome]:
        """Enrolls a list of fingers, on all cores, and says what became of each row. No row ends it.

        A row whose file is an impression of its finger already is left alone, so a list that was interrupted goes on
        where it was.

        Args:
            rows: as `fpverify.enrollment.read_rows` has them; None where the next has not come yet.
            unchecked: as in `enroll`.
            rehearsal: keep nothing, and say what would become of each.
            workforce: who reads and compares the scans; None makes a process for each core, which start the calling
                script anew: it needs its `if __name__ == "__main__":`.
            ppi: resolution of files for which the rows state none; None takes what they say.

        Yields:
            Outcomes in the order of the rows; of one that is enrolled, when it is on disk.

        Raises:
            StoreError: the store cannot be read or written.
        """
        from fpverify.enrollment import MassEnrollment
        from fpverify.executors import local_workforce

        with nullcontext(workforce) if workforce is not None else local_workforce(Settings().processes) as chosen:
            how = MassEnrollment(
                self.store,
                self.matchers,
                self.registers,
                chosen,
                unchecked=unchecked,
                rehearsal=rehearsal,
                keeps_scans=self.keeps_scans,
                ppi=ppi,
            )
            yield from how.outcomes(rows)

    def verify(
        self,
        scan: Scan | Sequence[Scan],
        subject: str,
        finger: str | Sequence[str] | None = None,
        *,
        fmr: float | None = None,
    ) -> Decision:
        """Whether a scan, or several of one person together, show a subject's fingers.

        Each scan is compared with every enrolled impression, by the model that made that one; the false match rate is
        that of the whole decision, however many there are. Scans of different fingers add up, each with an enrolled
        finger of its own: as they are named, or as they fit best. Of scans of one finger the best counts.

        Args:
            scan: of the finger; or several, of one finger or of different ones.
            subject: who it is claimed to be.
            finger: which finger, one for each scan in their order or one for all; None is any of the subject's.
            fmr: false match rate of this decision, in (0, 1); None is the verifier's own.

        Raises:
            NotEnrolled: the store has no such subject or finger.
            PresentationAttackSuspected: as in `enroll`; it is in the audit trail.
            FailureToAcquire: there is no usable print in a scan; names it.
            ScanError: no scan, too many, or one picture twice.
            ModelMismatch: the finger was enrolled with a model that is not installed.
            CorruptModel: that model is damaged.
            DeletedRecord: one of the subject's records was deleted, and put back by somebody.
            StoreError: the store cannot be read.
            ValueError: there are more fingers than scans, or fewer.
        """
        scans = [scan] if isinstance(scan, Scan) else list(scan)
        names = names_for(len(scans), finger)
        require_different(scans)
        rate = self.fmr if fmr is None else parse_fmr(fmr)
        asked = [None] if names is None else dict.fromkeys(names)
        references = [one for name in asked for one in self.matchers.comparable(self._believed(subject, name))]
        whose = references[0].subject, next(iter(asked)) if len(asked) == 1 else None
        pad = self._presented("verify", scans, whose)
        models = dict.fromkeys(one.model_id for one in references)
        point = self.matchers.operating_point(rate, models)
        judged = Probes(self.matchers, scans, names).judged(references)
        decision = Decision(judged.score, point, references[0].subject, judged.finger, judged.probes, pad)
        self._note("verify", whose, decision, len(scans), model=" ".join(models), fmr=point.target_fmr)
        return decision

    def identify(self, scan: Scan | Sequence[Scan], *, top: int = TOP, fpir: float = DEFAULT_FPIR) -> Identification:
        """Whose finger a scan shows, or whose fingers several of one person do, of all that are enrolled.

        The threshold is that at which a probe of nobody enrolled matches any of the references at the rate `fpir`; for
        a large store it lies beyond the evidence, where the calibration follows the tail of the evidence. Several scans
        are one decision, as in `verify`, and the candidates are subjects.

        Args:
            scan: of the finger; or several, of one finger or of different ones.
            top: most candidates to return.
            fpir: false positive identification rate, in (0, 1).

        Raises:
            PresentationAttackSuspected: as in `verify`.
            FailureToAcquire: there is no usable print in a scan; names it.
            ScanError: no scan, too many, or one picture twice.
            ModelMismatch: there are references, and none of their models is installed.
            StoreError: the store cannot be read.
        """
        scans = [scan] if isinstance(scan, Scan) else list(scan)
        require_different(scans)
        pad = self._presented("identify", scans, (None, None))
        enrolled = self.enrolled
        found = replace(enrolled.identify(Probes(self.matchers, scans), top=top, fpir=fpir), pad=pad)
        whose = (found.matches[0].subject, found.matches[0].finger) if found.matches else (None, None)
        self._note("identify", whose, found, len(scans), model=" ".join(enrolled.model_ids), fpir=fpir)
        return found

    def duplicates(
        self,
        *,
        pairs: float = 0.1,
        workforce: Workforce | None = None,
        done: Container[str] = (),
    ) -> Iterator[tuple[str, list[DuplicatePair]]]:
        """Searches for each reference among all others of its model: fingers that are enrolled under two ids or names.

        Args:
            pairs: how many false ones the whole store may be expected to show, above 0.
            workforce: as in `enroll_many`.
            done: record ids of references that were searched for before, and are left out.

        Yields:
            The record id of a reference and the pairs that it is one of, in the order of the store.

        Raises:
            StoreError: the store cannot be read.
        """
        from fpverify.executors import local_workforce
        from fpverify.search.doubles import duplicate_pairs, pair_threshold

        enrolled = self.enrolled
        threshold = pair_threshold(pairs, len(enrolled))
        with nullcontext(workforce) if workforce is not None else local_workforce(Settings().processes) as chosen:
            for register in enrolled.registers:
                yield from duplicate_pairs(register, chosen, threshold, done)

    def migrate(self, *, workforce: Workforce | None = None) -> Iterator[Migrated]:
        """Makes templates of this model from the scans that were kept of who was enrolled with another.

        Args:
            workforce: as in `enroll_many`.

        Yields:
            What became of each subject, when it is on disk; interrupted, the next call goes on.

        Raises:
            StoreError: the store cannot be read or written.
        """
        from fpverify.enrollment import Migration
        from fpverify.executors import local_workforce

        with nullcontext(workforce) if workforce is not None else local_workforce(Settings().processes) as chosen:
            yield from Migration(self.store, self.matcher).outcomes(chosen)

    def references(self, subject: str, finger: str | None = None) -> list[Reference]:
        """All impressions of a subject, or of one finger of it; errors as in `Store.references`."""
        return self.store.references(subject, finger)

    def fingers(self) -> list[FingerSummary]:
        """What the store holds, one row for each finger; errors as in `Store.subjects`."""
        return self.store.subjects()

    def delete(self, subject: str, finger: str | None = None) -> int:
        """Removes a subject or one finger of it for good; the number of impressions, errors as in `Store.delete`.

        An index in an engine of its own gives them up, too; IndexUnavailable if it does not answer: they are removed
        from the store then, and from the index with the next search.
        """
        if not is_engine_url(self._index):
            return self.store.delete(subject, finger)
        searched = self.enrolled.registers  # also of a model that made nothing else
        removed = self.store.delete(subject, finger)
        for register in searched:
            self.registers.current(self.store, register.matcher)
        return removed

    def evaluate(
        self,
        *,
        protocol: Protocol = "dense",
        workers: int = 1,
        progress: bool = False,
        workforce: Workforce | None = None,
    ) -> Evaluation:
        """Compares the impressions that the verifier's model has enrolled with each other; notes say of the others.

        Scans that failed to acquire or enroll are not in the store, so the evaluation knows of none.

        Args:
            protocol: "dense", "fvc" or "first-reference".
            workers: processes, as in `evaluate`.
            progress: show a bar on standard error when it is a terminal.
            workforce: who compares, in place of these processes.

        Raises:
            ModelMismatch: all were enrolled with other models.
            TooFewComparisons: there are no mated or no non-mated comparisons.
            StoreError: the store cannot be read.
        """
        from fpverify.evaluation.runner import calibrated

        raw = self.compare_enrolled(protocol=protocol, workers=workers, progress=progress, workforce=workforce)
        return calibrated(raw, self.matcher.calibration)

    def compare_enrolled(
        self,
        *,
        protocol: Protocol = "dense",
        workers: int = 1,
        progress: bool = False,
        workforce: Workforce | None = None,
    ) -> Evaluation:
        """The same as `evaluate`, with raw similarities for scores: what a calibration is fitted on."""
        from fpverify.evaluation.runner import Runner
        from fpverify.evaluation.sets.enrolled import enrolled_plan, templates_hash

        plan, templates = enrolled_plan(self.store, self.matcher.model_id, protocol)
        runner = Runner(model=self.matcher.bundle.folder, workers=workers, workforce=workforce, progress=progress)
        return runner.compare_templates(plan, templates, templates_hash(plan, templates))

    def _require_one_finger(self, probes: Probes, source: str, subject: str, finger: str) -> None:
        """Returns if a new impression is of the finger it is said to be of, as far as the store can tell."""
        enrolled, probe = self.enrolled, probes.each()[0]
        failures = probes.seen_by([self.matcher.model_id, *enrolled.model_ids])
        enrolled = enrolled.of_models([one for one, failure in failures.items() if failure is None])
        mine = enrolled.impressions(subject, finger)
        require_agreement(self.matchers, probe, [one.template for one in mine], source, f"{subject!r}, {finger}")
        for match in enrolled.duplicates(probe, mine):
            raise DuplicateFinger(
                f"{source}: this finger is enrolled already, of {match.subject!r}, {match.finger} (score "
                f"{match.score.value:.1f}); enroll it unchecked if that is meant"
            )

    def _presented(
        self, action: str, scans: Sequence[Scan], whose: tuple[str | None, str | None]
    ) -> tuple[PadResult, ...]:
        """What the detector of presentation attacks says; one that is suspected is in the audit trail."""
        try:
            return checked_presentation(self.pad, scans)
        except PresentationAttackSuspected:
            if self.notes_decisions and self.pad is not None:
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
            self._store.note_decision(action, whose[0], whose[1], decision=made.word, **details)
        except StoreReadOnly as error:
            raise StoreReadOnly(
                f"{error}; or decide without a note of it: note_decisions: no in fpverify.yaml, or "
                "FPVERIFY_NOTE_DECISIONS=no"
            ) from error

    def _believed(self, subject: str, finger: str | None) -> list[Reference]:
        """The references; if one was put back after it was deleted, a note of that stays in the audit trail."""
        try:
            return self.store.references(subject, finger)
        except DeletedRecord as error:
            if self.notes_decisions:
                with suppress(StoreError):
                    self._store.append_audit("refuse", subject_id(subject), finger, because=error.word)
            raise
