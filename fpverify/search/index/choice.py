"""Which index a store is searched with."""

from __future__ import annotations

from fpverify.errors import SettingsError
from fpverify.models import Bundle
from fpverify.search.index.codebook import Codebook
from fpverify.search.index.everything import Everything
from fpverify.search.index.exact import ExactIndex
from fpverify.search.index.growing import GrowingIndex
from fpverify.search.index.inverted import InvertedIndex
from fpverify.search.index.protocol import Index
from fpverify.search.index.vectors import VectorIndex
from fpverify.settings import is_engine_url
from fpverify.store import Store

DESCRIPTOR = 64  # numbers of a descriptor, of a model without a codebook: what training makes


def chosen_index(wanted: str, bundle: Bundle, store: Store | None = None) -> Index:
    """An index for the references of a model: empty, or as an engine of its own has kept it.

    Args:
        wanted: as `fpverify.settings.Settings.index` has it.
        bundle: the model. Whole prints have one vector each, which is compared exactly whatever is wanted;
            minutiae alone are all compared in full.
        store: whose references they are; an engine is not to read them, and is given them as the store's key says.

    Raises:
        SettingsError: what is wanted cannot be had; the message says what can.
        CorruptModel: the model's codebook is damaged.
        IndexUnavailable: an engine of its own does not answer.
    """
    if wanted == "none":
        return Everything()
    if bundle.kind == "whole-print":
        return VectorIndex()
    if bundle.kind == "bare":
        return Everything()
    if is_engine_url(wanted):
        return _of_engine(wanted, bundle, store)
    if wanted == "exact":
        return ExactIndex()
    return _with_lists(wanted, bundle)


def _of_engine(wanted: str, bundle: Bundle, store: Store | None) -> Index:
    from fpverify.search.index.milvus import MilvusIndex
    from fpverify.search.index.milvus_place import MilvusPlace

    place = MilvusPlace.parse(wanted)
    if store is None:
        raise SettingsError(f"{place.text}: only the references of a store can be kept there")
    owner = f"{store.store_id} {bundle.model_id}"
    secret = store.vault.derived(b"index rotation " + owner.encode())
    codebook = Codebook.of(bundle)
    size = DESCRIPTOR if codebook is None else codebook.centres.shape[1]
    return MilvusIndex(place, secret=secret, owner=owner, size=size)


def _with_lists(wanted: str, bundle: Bundle) -> Index:
    codebook = Codebook.of(bundle)
    if wanted == "auto":
        return ExactIndex() if codebook is None else GrowingIndex(codebook)
    if codebook is None:
        raise SettingsError(f"the model {bundle.model_id} has no codebook, so there is no ivf index; search with exact")
    return InvertedIndex(codebook)
