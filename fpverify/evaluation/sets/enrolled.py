"""The operator's own enrolled impressions as a set."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from fpverify.errors import ModelMismatch, ScanError, TooFewComparisons
from fpverify.evaluation.sets.protocol import Plan, Protocol, finger_comparisons
from fpverify.store import Store, encode_template
from fpverify.vocabulary import Template


def enrolled_plan(store: Store, model_id: str, protocol: Protocol = "dense") -> tuple[Plan, list[Template]]:
    """The comparisons of the impressions that a model made, and their templates in the order of the plan's scans.

    Those of other models are left out, which the plan's notes say, and those that were learnt: they were chosen by what
    they score. A finger is a finger of a subject; scans are named
    `<subject>/<finger>/<impression>`.

    Args:
        store: of the impressions.
        model_id: of the model.
        protocol: one of `protocol.ONE_SET`.

    Raises:
        ModelMismatch: other models made all of them.
        TooFewComparisons: there are no mated or no non-mated comparisons.
        StoreError: the store cannot be read.
    """
    there = [one for row in store.subjects() for one in store.references(row.subject, row.finger)]
    every = [one for one in there if not one.learnt]
    references = [one for one in every if one.model_id == model_id]
    others = Counter(one.model_id for one in every if one.model_id != model_id)
    if others and not references:
        raise ModelMismatch(
            f"the {len(every)} impressions in the store {store.place} were enrolled with the model "
            f"{', '.join(others)}, this is {model_id}; evaluate with --model {next(iter(others))}"
        )
    fingers = tuple(f"{one.subject}/{one.finger}" for one in references)
    try:
        pairs = finger_comparisons(fingers, protocol)
    except ScanError as error:
        raise TooFewComparisons(f"the store {store.place}: {error}") from error
    scans = tuple(f"{finger}/{one.impression}" for finger, one in zip(fingers, references, strict=True))
    notes = tuple(f"left out, as another model made them: {count} of {one}" for one, count in others.items())
    if len(every) < len(there):
        notes += (f"left out, as they were learnt from matches: {len(there) - len(every)}",)
    return Plan("enrolled", protocol, scans, fingers, pairs, notes=notes), [one.template for one in references]


def templates_hash(plan: Plan, templates: Sequence[Template]) -> str:
    """SHA-256 over names and templates."""
    digest = hashlib.sha256()
    for name, template in zip(plan.scans, templates, strict=True):
        digest.update(name.encode() + b"\0" + hashlib.sha256(encode_template(template)).digest())
    return digest.hexdigest()
