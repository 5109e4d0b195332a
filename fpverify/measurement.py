"""An evaluation that knows its figures: what `evaluate` hands out.

The rooms below pass on `fpverify.vocabulary.Evaluation`, the scores alone; here each figure is one call away, and is
the one that `fpverify evaluate` prints.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from fpverify import vocabulary
from fpverify.errors import FpverifyError, MissingExtra, SettingsError, TooFewComparisons
from fpverify.evaluation.rates.cutoffs import Cutoff, cutoffs
from fpverify.evaluation.rates.error_rates import (
    FVC_RATES,
    ROUNDING,
    RULE_OF_THREE,
    error_rates,
    fvc_indicators,
    measured,
    operating_point,
    supported,
)
from fpverify.evaluation.rates.summary import metrics
from fpverify.evaluation.runner import calibrated
from fpverify.features.quality import LEAST_QUALITY
from fpverify.folders import private
from fpverify.settings import parse_fmr
from fpverify.vocabulary import Interval, OperatingPoint, Scores
from fpverify.vocabulary.tables import html_table, percent

if TYPE_CHECKING:
    import pandas as pd  # type: ignore[import-untyped,unused-ignore]

    from fpverify.evaluation.report.content import ReportContent
    from fpverify.evaluation.report.matchers import MatchersContent
    from fpverify.evaluation.sets.layout import Print
    from fpverify.matching import Matcher

PICTURE_BYTES = 60_000  # of a curve in a notebook
PICTURES = (".png", ".svg", ".pdf")


class Roc(NamedTuple):
    """A receiver operating characteristic: at each threshold the share of mated comparisons that match, over FMR.

    Attributes:
        fmr: (t,) false match rate, falling.
        tmr: (t,) true match rate, 1 - FNMR, falling.
        threshold: (t,) rising, the last +inf.
    """

    fmr: Scores
    tmr: Scores
    threshold: Scores


class Det(NamedTuple):
    """A detection error trade-off: FNMR over FMR; attributes as of `Roc`, with `fnmr` rising."""

    fmr: Scores
    fnmr: Scores
    threshold: Scores


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Evaluation(vocabulary.Evaluation):
    """All comparisons of one set of scans, and the error rates that they come to.

    Attributes:
        point: the operating point whose threshold is applied; of the model, or for a matcher without one chosen on
            these comparisons themselves.
        matcher: the model; None for a matcher of the caller's own.
        prints: the scans' files, for the pictures of a report; empty where there are none.
        cutoffs: of a whole-print model: what a fixed cutoff does beside those from curves.
    """

    point: OperatingPoint = field(kw_only=True)
    matcher: Matcher | None = field(default=None, kw_only=True)
    prints: Sequence[Print] = field(default=(), kw_only=True)
    cutoffs: Sequence[Cutoff] = field(default=(), kw_only=True)
    _known: dict[str, Any] = field(default_factory=dict, init=False)  # figures that were computed before

    @classmethod
    def of(
        cls,
        compared: vocabulary.Evaluation,
        point: OperatingPoint,
        *,
        prints: Sequence[Print] = (),
        matcher: Matcher | None = None,
        cutoffs: Sequence[Cutoff] = (),
    ) -> Evaluation:
        """An evaluation by its scores; attributes as above."""
        values = {one.name: getattr(compared, one.name) for one in fields(vocabulary.Evaluation)}
        return cls(**values, point=point, prints=prints, matcher=matcher, cutoffs=cutoffs)

    @classmethod
    def of_model(
        cls, raw: vocabulary.Evaluation, matcher: Matcher, fmr: float, prints: Sequence[Print] = ()
    ) -> Evaluation:
        """An evaluation by a model.

        Args:
            raw: raw similarities for scores.
            matcher: the model.
            fmr: false match rate whose threshold is applied.
            prints: the scans' files.
        """
        compared, point = calibrated(raw, matcher.calibration), matcher.operating_point(fmr)
        has_cutoffs = matcher.bundle.kind == "whole-print" and measured(compared)
        beside = cutoffs(raw, matcher.calibration, point) if has_cutoffs else ()
        return cls.of(compared, point, prints=prints, matcher=matcher, cutoffs=beside)

    def __repr__(self) -> str:
        eer = f"EER {percent(self.eer)}" if measured(self) else "nothing measured"
        sides = f"{len(self.mated_scores):,} mated and {len(self.non_mated_scores):,} non-mated comparisons"
        return f"Evaluation({self.name!r} by {self.model_id}, {len(self.scans)} scans, {sides}, {eer})"

    @property
    def eer(self) -> float:
        """Equal error rate in [0, 1], failures counted as the lowest score.

        Raises:
            TooFewComparisons: no comparison of one kind was made.
        """
        return self.indicators()["eer"]

    def indicators(self) -> dict[str, float]:
        """EER, FMR100, FMR1000, FMR10000 and ZeroFMR, each in [0, 1], as FVC defines them; errors as of `eer`."""
        self._require_measured()
        return fvc_indicators(self)

    def intervals(self) -> dict[str, Interval]:
        """95 % over fingers of the indicators (but ZeroFMR, which hangs on one comparison), of `fmr` and `fnmr`."""
        self._require_measured()
        names = ("eer", *FVC_RATES, "fmr", "fnmr")
        return {name: Interval(**self._figures[f"{name}_interval"]) for name in names}

    @property
    def threshold(self) -> float:
        """Score at and above which a comparison is a match, at `point`."""
        return self.point.threshold

    @property
    def fmr(self) -> float:
        """Measured false match rate at `threshold`."""
        return self.fmr_at(self.threshold)

    @property
    def fnmr(self) -> float:
        """Measured false non-match rate at `threshold`."""
        return self.fnmr_at(self.threshold)

    def fmr_at(self, threshold: float) -> float:
        """False match rate of a threshold in [0, 1], failures to acquire left out.

        Raises:
            TooFewComparisons: no non-mated comparison was made.
            SettingsError: the threshold is no number.
        """
        return self._share(~self.mated, self.scores >= _number(threshold))

    def fnmr_at(self, threshold: float) -> float:
        """False non-match rate of a threshold in [0, 1], likewise."""
        return self._share(self.mated, self.scores < _number(threshold))

    def rates_at(self, threshold: float) -> OperatingPoint:
        """Both, with their 95 % intervals over fingers; the rate that was asked for is the one that was measured."""
        return operating_point(self, _number(threshold), self.fmr_at(threshold), "this evaluation")

    def threshold_at(self, fmr: float, *, unsupported: bool = False) -> float:
        """The lowest score that, as a threshold, lets at most this share of non-mated comparisons match.

        Above every score it is infinite. Failures count as the lowest score.

        Args:
            fmr: in (0, 1).
            unsupported: also where there are too few comparisons to tell so low a rate.

        Raises:
            UnsupportedRate: `fmr` is no rate.
            TooFewComparisons: they do not support this rate: fewer than 3 / `fmr` (rule of three).
        """
        rate, count = parse_fmr(fmr), len(self.non_mated_scores)
        self._require_measured()
        if not unsupported and not supported(count, rate):
            raise TooFewComparisons(
                f"{count} non-mated comparisons cannot support FMR {rate:.3g}: at least "
                f"{int(np.ceil(RULE_OF_THREE / rate * (1 - ROUNDING)))} are needed; unsupported=True gives it all the "
                "same"
            )
        thresholds, rates, _ = error_rates(self.mated_scores, self.non_mated_scores)
        return float(thresholds[np.flatnonzero(rates <= rate + ROUNDING)[0]])

    def roc(self) -> Roc:
        """The curve through every threshold, failures counted as the lowest score; errors as of `eer`."""
        fmr, fnmr, threshold = self.det()
        return Roc(fmr, 1 - fnmr, threshold)

    def det(self) -> Det:
        """The same, with FNMR."""
        self._require_measured()
        threshold, fmr, fnmr = error_rates(self.mated_scores, self.non_mated_scores)
        return Det(fmr, fnmr, threshold)

    def to_frame(self) -> pd.DataFrame:
        """A row for each comparison: probe, reference, their fingers, mated, score (-inf: failed), match.

        Raises:
            MissingExtra: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtra("to_frame needs pandas, which is not installed; pip install pandas") from error
        return pd.DataFrame(
            {
                "probe": self.probes,
                "reference": self.references,
                "probe_finger": [self.fingers[k] for k in self.probe],
                "reference_finger": [self.fingers[k] for k in self.reference],
                "mated": self.mated,
                "score": self.scores,
                "match": self.scores >= self.threshold,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """All figures as `fpverify evaluate --json` prints them: rates are fractions, null what was not measured."""
        return dict(json.loads(_json(self._figures)))

    def save(self, path: str | Path) -> None:
        """Writes the comparisons (.csv), the figures (.json), or the ROC as a picture (.png, .svg, .pdf).

        Raises:
            SettingsError: another ending.
            TooFewComparisons: there is no ROC.
            OSError: the file cannot be written.
        """
        suffix = _suffix(path, (".csv", ".json", *PICTURES))
        if suffix == ".csv":
            from fpverify.evaluation.scores_file import write_scores

            write_scores(self, path)
        elif suffix == ".json":
            _write(path, _json(self._figures))
        else:
            from fpverify.evaluation.report.plots import plot_roc

            self._require_measured()
            plot_roc(self, self.threshold, path)

    def report(self, path: str | Path, title: str | None = None) -> None:
        """Writes a report as a page (.html) or as plain values (.json); docs/reports.md says how to read it.

        Args:
            path: an existing file is replaced.
            title: of the report; None names the set.

        Raises:
            SettingsError: another ending.
            TooFewComparisons: no comparison of one kind was made.
            OSError: the file cannot be written.
        """
        from fpverify.evaluation.report.page import matchers_page, report_page

        suffix, name = _suffix(path, (".html", ".json")), title or f"Evaluation of {self.name}"
        self._require_measured()
        if self.matcher is None:
            of_any = self._matchers_content(name)
            text = matchers_page(of_any) if suffix == ".html" else _json(of_any.to_dict())
        else:
            content = self._report_content(name, self.matcher)
            text = report_page(content) if suffix == ".html" else _json(content.to_dict())
        _write(path, text)

    def _report_content(self, title: str, matcher: Matcher) -> ReportContent:
        from fpverify.evaluation.report.content import provenance_of, report_content
        from fpverify.evaluation.report.gallery import PrintFile, gallery

        files = {
            name: PrintFile(one.path, self._ppi_of(name)) for name, one in zip(self.scans, self.prints, strict=False)
        }
        hashed = "names and files of the scans" if files else "names and templates"
        return report_content(
            title,
            [self],
            [self._figures],
            self.point,
            pairs=gallery(matcher, [self], [files], self.point) if files else (),
            provenance=provenance_of("fpverify.evaluate", [self], matcher.bundle.card.files, hashed),
        )

    def _matchers_content(self, title: str) -> MatchersContent:
        from fpverify.evaluation.report.content import provenance_of
        from fpverify.evaluation.report.matchers import matchers_content

        provenance = provenance_of("fpverify.evaluate", [self], {}, "names and files of the scans")
        return matchers_content(title, {self.model_id: {self.name: self}}, provenance)

    def _ppi_of(self, name: str) -> float | None:
        resolution = self.resolution
        return None if resolution is None else resolution.own_ppi.get(name, resolution.used)

    @property
    def _figures(self) -> Mapping[str, Any]:
        if not self._known:
            known = metrics(self, self.point, LEAST_QUALITY)
            if self.cutoffs:
                known["cutoffs"] = [asdict(one) for one in self.cutoffs]
            self._known.update(known)
        return self._known

    def _share(self, kind: np.ndarray, wrong: np.ndarray) -> float:
        made = np.isfinite(self.scores) & kind
        if not made.any():
            raise TooFewComparisons(f"{self.name}: no comparison of this kind was made, so there is no rate")
        return float((wrong & made).sum() / made.sum())

    def _require_measured(self) -> None:
        if not measured(self):
            raise TooFewComparisons(
                f"{self.name}: not measured, as no comparison of one kind was made; is the resolution (ppi) right?"
            )

    def _repr_html_(self) -> str:
        figures = self._figures
        rates = [(name.upper(), _with_interval(figures, name)) for name in ("eer", *FVC_RATES)]
        facts = [
            ("comparisons", f"{figures['mated']:,} mated, {figures['non_mated']:,} non-mated"),
            *rates,
            ("ZeroFMR", percent(figures["zerofmr"])),
            ("threshold", f"{self.threshold:.4g}, for a false match rate of {percent(self.point.target_fmr)}"),
            ("FMR there", _with_interval(figures, "fmr")),
            ("FNMR there", _with_interval(figures, "fnmr")),
            ("FTA", percent(figures["fta"])),
            ("model", self.model_id),
            *(("note", note) for note in figures["notes"]),
        ]
        return html_table(f"Evaluation of {self.name}", facts, self._repr_png_())

    def _repr_png_(self) -> bytes | None:
        """The DET curve; nothing where there is none, or nothing to draw it with."""
        try:
            from fpverify.evaluation.report.figures import det
            from fpverify.explanation.palette import png

            return png(det([self], self.threshold), PICTURE_BYTES) if measured(self) else None
        except (ImportError, FpverifyError):
            return None


def _number(threshold: object) -> float:
    try:
        number = float(threshold)  # type: ignore[arg-type]  # that is what is tried
    except (TypeError, ValueError):
        number = np.nan
    if np.isnan(number):
        raise SettingsError(f"{threshold!r:.60} is no threshold; give a score, such as 30.0")
    return number


def _with_interval(figures: Mapping[str, Any], name: str) -> str:
    interval = figures[f"{name}_interval"]
    if interval is None:
        return percent(None)
    return f"{percent(figures[name])} (95 %: {100 * interval['low']:.3g} to {percent(interval['high'])})"


def _suffix(path: str | Path, known: Sequence[str]) -> str:
    suffix = Path(path).suffix.lower() if isinstance(path, str | Path) else ""
    if suffix not in known:
        raise SettingsError(f"{path!s:.200}: a file ending in {', '.join(known)} was expected")
    return suffix


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, indent=2, allow_nan=False) + "\n"


def _write(path: str | Path, text: str) -> None:
    private(path).write_text(text, encoding="utf-8")
