"""The page in the repository is the one that its stored results make."""

from __future__ import annotations

from pathlib import Path

from fpverify.lab.designs import all_designs
from fpverify.lab.document import page_text
from fpverify.lab.results import SHIPPED, read_results
from fpverify.lab.table import table_trials

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_says_what_the_stored_results_say() -> None:
    assert (DOCS / "lab.md").read_text(encoding="utf-8") == page_text(list(read_results(SHIPPED)), six=True)


def test_every_trial_of_the_table_has_a_stored_result() -> None:
    assert {one.trial.name for one in read_results(SHIPPED)} == {one.name for one in table_trials(all_designs())}


def test_stored_results_are_of_the_designs_as_they_are() -> None:
    designs = all_designs()
    for one in read_results(SHIPPED):
        if one.trial.design in designs:
            assert one.declared == designs[one.trial.design].variant(one.trial.variant).fingerprint, one.trial.name
        else:
            assert one.trial.design == "fpverify"
