"""What a verifier does that takes long: lists, duplicates, another model's templates, evaluations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, cast

from fpverify.errors import FailureToEnroll, FpverifyError, ScanError, SettingsError
from fpverify.settings import Settings, is_engine_url

if TYPE_CHECKING:
    from fpverify.enrollment import EnrollmentRow, Migrated, RowOutcome
    from fpverify.evaluation.sets.protocol import Protocol
    from fpverify.executors import Workforce
    from fpverify.matching import Matcher, Matchers
    from fpverify.measurement import Evaluation
    from fpverify.search.doubles import DuplicatePair
    from fpverify.search.enrolled import Enrolled
    from fpverify.search.register import Registers
    from fpverify.store import Store
    from fpverify.verifier.records import Keeper
    from fpverify.vocabulary import Decision, Finger, MinutiaRecord, Reference, Scan
    from fpverify.vocabulary import Evaluation as RawEvaluation


class LongWork(ABC):
    """The part of `Verifier` that is no decision; attributes as there."""

    matcher: Matcher
    matchers: Matchers
    keeps_scans: bool
    keeps_skin: bool
    fmr: float
    _index: str

    @property
    @abstractmethod
    def store(self) -> Store:
        """The references, for this thread."""

    @property
    @abstractmethod
    def registers(self) -> Registers:
        """What is enrolled, for searching it."""

    @property
    @abstractmethod
    def enrolled(self) -> Enrolled:
        """All that is enrolled now."""

    def refusal(self, scan: Scan, *, enrolls: bool) -> FpverifyError | None:
        """Why a scan is too poor to be compared, or to be enrolled; None if it is good enough. Nothing is kept."""
        from fpverify.matching import require_quality

        try:
            template = self.matcher.template(scan)
            if enrolls:
                require_quality(template, scan.source)
        except (ScanError, FailureToEnroll) as error:
            return error
        return None

    def delete(self, subject: str, finger: Finger | None = None, *, learnt: bool = False) -> int:
        """Removes a subject or one finger of it for good, or what was `learnt` of it and nothing else.

        The number of impressions that are gone; errors as in `Store.delete` and `Store.forget`.

        An index in an engine of its own gives them up, too; IndexUnavailable if it does not answer: they are removed
        from the store then, and from the index with the next search.
        """
        remove = self.store.forget if learnt else self.store.delete
        if not is_engine_url(self._index):
            return remove(subject, finger)
        searched = self.enrolled.registers  # also of a model that made nothing else
        removed = remove(subject, finger)
        for register in searched:
            self.registers.current(self.store, register.matcher)
        return removed

    def enroll_record(
        self, record: MinutiaRecord, subject: str, finger: Finger | None = None, *, unchecked: bool = False
    ) -> list[Reference]:
        """Keeps a record of minutiae, view by view; see `fpverify.verifier.records`.

        Args:
            record: as `read_minutiae` reads it.
            subject: as in `enroll`.
            finger: name of all its views; None takes what each says.
            unchecked: as in `enroll`.
        """
        from fpverify.verifier.records import enroll_record

        return enroll_record(cast("Keeper", self), record, subject, finger, unchecked=unchecked)

    def upgrade(self, scan: Scan, decision: Decision) -> Reference | None:
        """Adds a full template of a scan that matched records of minutiae; None if there is nothing to add.

        Args:
            scan: what was decided on.
            decision: of it alone, of `verify`.
        """
        from fpverify.verifier.records import upgrade

        return upgrade(cast("Keeper", self), scan, decision)

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
            rows: as `fpverify.enrollment.read_rows` has them; None where the next has not come yet. Of a card, or of
                a slap, each finger becomes a row.
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
        from fpverify.enrollment.finger_rows import finger_rows
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
                keeps_skin=self.keeps_skin,
                ppi=ppi,
            )
            yield from how.outcomes(finger_rows(rows, ppi))

    def duplicates(
        self,
        *,
        pairs: float = 0.1,
        workforce: Workforce | None = None,
        done: Container[str] = (),
    ) -> Iterator[tuple[str, list[DuplicatePair]]]:
        """Searches for each reference among all others of its model: fingers that are enrolled under two ids or names.

        Templates of scans are looked for among records of minutiae as well, by their minutiae.

        Args:
            pairs: how many false ones the whole store may be expected to show, above 0.
            workforce: as in `enroll_many`.
            done: record ids of references that were searched for before, and are left out.

        Yields:
            The record id of a reference and the pairs that it is one of, in the order of the store.

        Raises:
            SettingsError: `pairs` is no such number.
            StoreError: the store cannot be read.
        """
        from fpverify.executors import local_workforce
        from fpverify.search.doubles import duplicate_pairs, pair_threshold

        if isinstance(pairs, bool) or not isinstance(pairs, int | float) or not pairs > 0:
            raise SettingsError(f"pairs: a number above 0 was expected, not {pairs!r:.60}")
        enrolled = self.enrolled
        threshold = pair_threshold(pairs, len(enrolled))
        with nullcontext(workforce) if workforce is not None else local_workforce(Settings().processes) as chosen:
            for register in enrolled.registers:
                besides = enrolled.records if register.matcher.bundle.kind == "minutiae" else ()
                yield from duplicate_pairs(register, chosen, threshold, done, besides)

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
            yield from Migration(self.store, self.matcher, self.keeps_skin).outcomes(chosen)

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
            SettingsError: the protocol is none of these.
            TooFewComparisons: there are no mated or no non-mated comparisons.
            StoreError: the store cannot be read.
        """
        from fpverify.measurement import Evaluation

        raw = self.compare_enrolled(protocol=protocol, workers=workers, progress=progress, workforce=workforce)
        return Evaluation.of_model(raw, self.matcher, self.fmr)

    def compare_enrolled(
        self,
        *,
        protocol: Protocol = "dense",
        workers: int = 1,
        progress: bool = False,
        workforce: Workforce | None = None,
    ) -> RawEvaluation:
        """The same as `evaluate`, with raw similarities for scores: what a calibration is fitted on."""
        from fpverify.evaluation.runner import Runner
        from fpverify.evaluation.sets.enrolled import enrolled_plan, templates_hash
        from fpverify.evaluation.sets.protocol import ONE_SET

        if not isinstance(protocol, str) or protocol not in ONE_SET:
            raise SettingsError(f"protocol: one of {', '.join(ONE_SET)} was expected, not {protocol!r:.60}")
        plan, templates = enrolled_plan(self.store, self.matcher.model_id, protocol)
        runner = Runner(model=self.matcher.bundle.folder, workers=workers, workforce=workforce, progress=progress)
        return runner.compare_templates(plan, templates, templates_hash(plan, templates))
