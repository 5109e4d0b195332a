"""What minutiae of any detector are worth by themselves: the rows of docs/minutiae-records.md, from folders of records.

    python tools/bare_rows.py THEIRS [--ours OURS] [--ppi 500] [--model bare-1]

THEIRS holds a folder for each set, with a record `<finger>_<impression>` for each print, such as `.xyt`; so does OURS.
What `tools/bozorth3.py SETS --work WORK` kept is both: of each set it has `mindtct/` and `ours/`, and `--ours WORK`
takes the latter. Every impression is compared with every later one of its set: theirs with theirs and, with OURS, ours
with theirs and ours with ours. Printed as Markdown, in per cent: EER and FMR1000 of each set and their mean, and over
all sets the FMR and the FNMR at the model's threshold of 0.1 %. Prints without a record, or of whose minutiae there
are too few, count as the lowest score.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from fpverify.comparison import PreparedTemplate, prepare_template, similarities
from fpverify.errors import FpverifyError
from fpverify.evaluation.rates.error_rates import equal_error_rate, fnmr_at_fmr
from fpverify.features.bare import MINUTIAE_MODEL, template_of_view
from fpverify.formats import read_minutiae
from fpverify.matching import Matcher
from fpverify.scans.kinds import RECORD_ENDINGS
from fpverify.vocabulary import Scores

FAILED = -1.0  # below every score
STATED = 0.001  # the rate whose threshold is held against what happens
WITHIN = {"theirs": "mindtct", "ours": "ours"}  # folders of a set that `tools/bozorth3.py` makes
Side = dict[str, PreparedTemplate]


def main(arguments: Sequence[str] | None = None) -> int:
    """Compares and prints."""
    given = _parsed(arguments)
    matcher = Matcher.load(given.model)
    ways = [("theirs", "theirs")] + ([("ours", "theirs"), ("ours", "ours")] if given.ours else [])
    roots = {"theirs": given.theirs, **({"ours": given.ours} if given.ours else {})}
    rows = dict[str, dict[str, tuple[Scores, Scores]]]()
    for one in tqdm(sorted(path.name for path in given.theirs.iterdir() if path.is_dir()), desc="sets", disable=None):
        sides = {name: _side(root / one, WITHIN[name], given) for name, root in roots.items()}
        names = sorted(set().union(*sides.values()))
        for way in ways:
            both = _compared(matcher, names, sides[way[0]], sides[way[1]])
            rows.setdefault(" with ".join(way), {})[one] = both
    threshold = matcher.operating_point(STATED).threshold
    for words, measured in rows.items():
        print(f"\n| {words} | EER | FMR1000 |\n|---|---|---|")
        rates = {one: (equal_error_rate(*each), fnmr_at_fmr(*each, 0.001)) for one, each in measured.items()}
        mean = np.mean(list(rates.values()), axis=0).tolist()
        for name, pair in [*rates.items(), ("**mean**", mean)]:
            print(f"| {name} | {' | '.join(f'{100 * rate:.2f}' for rate in pair)} |")
        mated, others = (np.concatenate(side) for side in zip(*measured.values(), strict=True))
        fmr, fnmr = (others >= threshold).mean(), (mated < threshold).mean()
        print(f"\nat the stated {100 * STATED:g} %: FMR {100 * fmr:.3f} %, FNMR {100 * fnmr:.2f} %")
    return 0


def _side(folder: Path, within: str, given: argparse.Namespace) -> Side:
    """The prints of a set that have enough minutiae, by name."""
    inside = folder / within
    place, found = inside if inside.is_dir() else folder, Side()
    for path in sorted(place.iterdir()):
        if path.suffix.lower() not in {*RECORD_ENDINGS, ".json"}:
            continue
        try:
            view = read_minutiae(path, ppi=given.ppi).views[0]
            found[path.stem] = prepare_template(template_of_view(view, path.name, given.model))
        except FpverifyError as failure:
            print(failure, file=sys.stderr)
    return found


def _compared(matcher: Matcher, names: Sequence[str], probes: Side, references: Side) -> tuple[Scores, Scores]:
    """Mated and non-mated scores of every impression with every later one."""
    sides = list[float](), list[float]()
    for number, name in enumerate(names[:-1]):
        later = names[number + 1 :]
        there = [one for one in later if one in references] if name in probes else []
        raw = np.empty(0)
        if there:
            raw = similarities(probes[name], [references[one] for one in there], alignment=matcher.bundle.alignment)
        known = dict(zip(there, matcher.calibration.scores(raw).tolist(), strict=True))
        for other in later:
            sides[_finger(name) != _finger(other)].append(known.get(other, FAILED))
    return np.array(sides[0]), np.array(sides[1])


def _finger(name: str) -> str:
    return name.rpartition("_")[0]


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("theirs", type=Path, help="folder of sets of records")
    parser.add_argument("--ours", type=Path, help="likewise, of the same prints")
    parser.add_argument("--ppi", type=float, default=500.0, help="of records that state none")
    parser.add_argument("--model", default=MINUTIAE_MODEL, help="that compares them")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
