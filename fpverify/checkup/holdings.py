"""The model, the store, its key and what an index keeps beside it; and the readers."""

from __future__ import annotations

from dataclasses import replace

from fpverify.checkup.parts import Finding, Part
from fpverify.errors import FpverifyError, UnknownModel
from fpverify.matching import Matcher
from fpverify.models import Bundle, load_bundle
from fpverify.models.installed import folder_of_id
from fpverify.readers import found_readers
from fpverify.settings import Settings, is_engine_url
from fpverify.store.glance import Holdings, StoreGlance, glance
from fpverify.store.key_source import KeySource
from fpverify.store.location import is_server_url, is_vacant, store_file
from fpverify.store.reading import StoreReader

FIRST_ENROLL = "the first `fpverify enroll` makes it"
MEGABYTE = 1e6


def model_part(settings: Settings) -> tuple[Bundle | None, Part]:
    """The model that enrolls, each file of it held against its hash, and its evidence against the rate that is set."""
    facts: dict[str, object] = dict.fromkeys(("id", "kind", "created", "folder", "files", "hashes_fit", "calibration"))
    try:
        bundle = load_bundle(settings.model, settings.models)
        facts |= {"id": bundle.model_id, "kind": bundle.kind, "created": bundle.card.created}
        facts |= {"folder": str(bundle.folder), "files": len(bundle.card.files) + len(bundle.card.search_files)}
        for name in bundle.card.search_files:
            bundle.content(name)
        facts |= {"hashes_fit": True, "calibration": settings.calibration}
        Matcher.of(bundle, settings.calibration).operating_point(settings.fmr)
    except (FpverifyError, OSError) as error:
        broken = facts["hashes_fit"] is None
        facts |= {"hashes_fit": False} if broken and facts["id"] else {}
        return None, Part("model", facts, (("model", "cannot be used"),), (Finding("model", str(error)),))
    words = f"{bundle.model_id}, {facts['files']} files, each fits its hash; in {bundle.folder}"
    return bundle, Part("model", facts, (("model", words),))


def store_parts(settings: Settings, bundle: Bundle | None) -> tuple[Part, Part, Part]:
    """The store, its key, its index.

    Args:
        settings: in force.
        bundle: of the model that enrolls; None if it cannot be used.
    """
    try:
        if not is_server_url(settings.db) and is_vacant(settings.db):
            return _none_yet(settings)
        with glance(settings.db, trust_permissions=settings.trust_permissions) as seen:
            holdings = seen.holdings() if seen.is_current else None
            reader, key = _key(seen, settings)
            store = _store(seen, holdings, reader, settings)
            return store, key, _index(reader, holdings, bundle, settings)
    except (FpverifyError, OSError) as error:
        store = Part("store", _store_facts(settings), (("store", "cannot be used"),), (Finding("store", str(error)),))
        return store, Part("key", _key_facts(None), ()), _no_index(settings, "not looked at")


def reader_part() -> Part:
    """The fingerprint readers that are connected; that there is none is no finding, since scans come as files, too."""
    found = found_readers()
    facts = {"readers": [one.name for one in found.readers], "notes": list(found.notes)}
    said = ", ".join(one.name for one in found.readers) or "none is connected; scans come as files"
    return Part("reader", facts, (("reader", said),))


def _none_yet(settings: Settings) -> tuple[Part, Part, Part]:
    place = str(store_file(settings.db))
    asked_for = settings.db != Settings().db
    words = f"there is no enrollment store at {place}; {FIRST_ENROLL}, or give its location (--db)"
    store = Part(
        "store",
        _store_facts(settings) | {"place": place},
        (("store", f"none yet at {place}"),),
        (Finding("store", words, attention=asked_for),),
    )
    source = None if settings.key is None else KeySource.parse(settings.key, "", trusts=settings.trust_permissions)
    said = f"of its own; {FIRST_ENROLL}" if source is None else f"{source.place}, for a store that is to be made"
    return store, Part("key", _key_facts(source), (("key", said),)), _no_index(settings, "none yet")


def _store_facts(settings: Settings) -> dict[str, object]:
    names = ("format", "subjects", "impressions", "models", "bytes", "unwiped_since")
    return {"place": _shown(settings.db), "reachable": False, **dict.fromkeys(names)}


def _shown(location: str) -> str:
    """The location without a password that a URL may hold."""
    if not is_server_url(location):
        return location
    from fpverify.store.backends.postgresql import without_password

    return without_password(location)


def _store(seen: StoreGlance, holdings: Holdings | None, reader: StoreReader | None, settings: Settings) -> Part:
    facts = _store_facts(settings) | {"place": seen.place, "reachable": True, "format": seen.version}
    if holdings is None:
        older = (
            f"{seen.place} is of an older format, {seen.version}; the next command that opens it brings it up to date"
        )
        return Part("store", facts, (("store", seen.place),), (Finding("store", older, attention=False),))
    facts |= {"subjects": holdings.subjects, "impressions": holdings.impressions, "models": dict(holdings.models)}
    facts |= {"bytes": holdings.size_bytes}
    findings = [_missing_model(model, count, settings) for model, count in holdings.models.items()]
    unwiped = reader.unwiped() if reader else None
    if unwiped:
        facts |= {"unwiped_since": unwiped.since.isoformat()}
        words = (
            f"what was deleted since {unwiped.since:%Y-%m-%d} may have left traces; `fpverify delete --wipe` ends them"
        )
        findings.append(Finding("store", words, attention=False))
    counts = f"{_counted(holdings.impressions, 'impression')} of {_counted(holdings.subjects, 'subject')}"
    words = f"{counts}, {holdings.size_bytes / MEGABYTE:.1f} MB, format {seen.version}; {seen.place}"
    return Part("store", facts, (("store", words),), tuple(one for one in findings if one))


def _missing_model(model_id: str, count: int, settings: Settings) -> Finding | None:
    try:
        folder_of_id(model_id, settings.models)
    except UnknownModel as error:
        if _is_own(model_id, settings):
            return None
        return Finding("store", f"{_counted(count, 'impression')} cannot be compared: {error}")
    except FpverifyError as error:
        return Finding("store", f"{_counted(count, 'impression')} cannot be compared: {error}")
    return None


def _is_own(model_id: str, settings: Settings) -> bool:
    """Whether the model that enrolls has this id, though it is not installed but given by its folder."""
    try:
        return load_bundle(settings.model, settings.models).model_id == model_id
    except FpverifyError:
        return False


def _key_facts(source: KeySource | None) -> dict[str, object]:
    where = {"source": source.kind if source else None, "place": source.place if source else None}
    return {"encrypted": None, **where, "id": None, "opens_store": None}


def _key(seen: StoreGlance, settings: Settings) -> tuple[StoreReader | None, Part]:
    """The store as its key opens it, where the key is, and whether it fits; never the key itself."""
    if not seen.is_current:
        return None, Part("key", _key_facts(None), ())
    facts = _key_facts(None)
    try:
        source = seen.key_source(settings.key, trusts=settings.trust_permissions)
        facts = _key_facts(source) | {"encrypted": seen.is_encrypted, "id": seen.key_id}
        reader = seen.unlocked(source)
    except (FpverifyError, OSError) as error:
        facts |= {"encrypted": seen.is_encrypted, "id": seen.key_id, "opens_store": False}
        return None, Part("key", facts, (("key", "does not open the store"),), (Finding("key", str(error)),))
    facts |= {"opens_store": True}
    words = f"{seen.key_id}, in {source.place}; opens the store" if seen.is_encrypted else "none: not encrypted"
    return reader, Part("key", facts, (("key", words),))


def _no_index(settings: Settings, words: str) -> Part:
    return Part("index", _index_facts(settings), (("index", f"{settings.index}: {words}"),))


def _index_facts(settings: Settings) -> dict[str, object]:
    return {"kind": settings.index, "references_on_disk": None, "up_to_date": None, "behind": None, "bytes": None}


def _index(reader: StoreReader | None, holdings: Holdings | None, bundle: Bundle | None, settings: Settings) -> Part:
    if reader is None or holdings is None or bundle is None:
        return _no_index(settings, "not looked at")
    try:
        return _followed(reader, holdings, bundle, settings)
    except (FpverifyError, OSError) as error:
        broken = Finding("index", f"{error}; the next `fpverify identify` makes it anew", attention=False)
        return replace(_no_index(settings, "cannot be read"), findings=(broken,))


def _followed(reader: StoreReader, holdings: Holdings, bundle: Bundle, settings: Settings) -> Part:
    """What an index keeps on disk of the references of the model that enrolls, and how far it follows the store."""
    from fpverify.search.index.codebook import Codebook

    if is_engine_url(settings.index):
        return _no_index(settings, "an engine of its own, which is not asked")
    count = _counted(holdings.models.get(bundle.model_id, 0), "reference")
    codebook = Codebook.of(bundle) if settings.index in {"auto", "ivf"} and bundle.kind == "minutiae" else None
    if codebook is None:
        return _no_index(settings, f"{count}, in the memory of each command")
    lists, width = codebook.centres.shape
    folder = reader.shard_folder(bundle.model_id, codebook.digest, lists, width)
    if folder is None or not (folder.shards or folder.lacking):
        return _no_index(settings, f"{count}, in the memory of each command until there are enough for a file")
    changes = None if folder.point is None else reader.changes(folder.point)
    behind = None if changes is None or changes.everything else len(changes.added) + len(changes.removed)
    size = sum(shard.path.stat().st_size for shard in folder.shards)
    kept = sum(shard.alive for shard in folder.shards)
    facts = _index_facts(settings) | {"references_on_disk": kept, "up_to_date": behind == 0, "behind": behind}
    facts |= {"bytes": size}
    words = f"{settings.index}: {_counted(kept, 'reference')} on disk, {size / MEGABYTE:.1f} MB"
    if behind is None:
        missing = "some of it is missing or another's; the next `fpverify identify` makes it anew"
        lacks = Finding("index", missing, attention=False)
        return Part("index", facts, (("index", words),), (lacks,))
    tail = "up to date" if not behind else f"{_counted(behind, 'change')} behind, which the next search takes up"
    return Part("index", facts, (("index", f"{words}, {tail}"),))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
