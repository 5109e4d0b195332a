"""The operator's own enrolled impressions as a set."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from fpverify.errors import ModelMismatch, ScanError, TooFewComparisons
from fpverify.evaluation.sets.protocol import Plan, Protocol, finger_comparisons
from fpverify.store import Store, encode_template
from fpverify.vocabulary import Reference, Template


def enrolled_plan(store: Store, model_id: str, protocol: Protocol = "dense") -> tuple[Plan, list[Template]]:
    """The comparisons of all enrolled impressions, and their templates in the order of the plan's scans.

    A finger is a finger of a subject; scans are named `<subject>/<finger>/<impression>`.

    Args:
        store: of the impressions.
        model_id: that made them.
        protocol: one of `protocol.ONE_SET`.

    Raises:
        ModelMismatch: some were made by another model.
        TooFewComparisons: there are no mated or no non-mated comparisons.
        StoreError: the store cannot be read.
    """
    references = [one for row in store.subjects() for one in store.references(row.subject, row.finger)]
    _require_model(references, model_id, store.place)
    fingers = tuple(f"{one.subject}/{one.finger}" for one in references)
    try:
        pairs = finger_comparisons(fingers, protocol)
    except ScanError as error:
        raise TooFewComparisons(f"the store {store.place}: {error}") from error
    scans = tuple(f"{finger}/{one.impression}" for finger, one in zip(fingers, references, strict=True))
    return Plan("enrolled", protocol, scans, fingers, pairs), [one.template for one in references]


def templates_hash(plan: Plan, templates: Sequence[Template]) -> str:
    """SHA-256 over names and templates."""
    digest = hashlib.sha256()
    for name, template in zip(plan.scans, templates, strict=True):
        digest.update(name.encode() + b"\0" + hashlib.sha256(encode_template(template)).digest())
    return digest.hexdigest()


def _require_model(references: Sequence[Reference], model_id: str, place: str) -> None:
    others = sorted({one.model_id for one in references} - {model_id})
    if others:
        count = sum(one.model_id != model_id for one in references)
        raise ModelMismatch(
            f"{count} of {len(references)} impressions in the store {place} were enrolled with the model "
            f"{', '.join(others)}, this is {model_id}; evaluate with --model {others[0]}, or enroll those fingers again"
        )
