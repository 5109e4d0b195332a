"""An index in a Milvus engine: a server, a cluster, or a file for trying out.

One row for each minutia: its descriptor, turned by a secret rotation (`turning`), and the id of its reference, which is
random. No name, subject, finger or position leaves the store. Several processes may share a collection, each adding
and removing what the store tells it: what is there already is not written again.

    {name}_{store}_{rotation}    a collection: rows of one store and model, turned alike
    {name}_notes                 what each collection holds, as its users note it

Source: Wang et al., Milvus: A Purpose-Built Vector Data Management System, SIGMOD 2021.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import IndexUnavailable, SettingsError
from fpverify.extras import install_line
from fpverify.search.index.milvus_place import MilvusPlace
from fpverify.search.index.turning import turned, turning, turning_name
from fpverify.search.index.votes import likeliest
from fpverify.vocabulary import FloatArray, Template

NEIGHBOURS = 100  # of each minutia: mates are nearly always among them
LISTS, ASKED = 1024, 32  # of a segment of the engine, a million rows; 3 % of them are looked at
AT_ONCE = 200  # references in one request: 3 MB
PAGE = 5000  # ids in one answer
FRESH_S = 10.0  # after a change a search waits until all of the engine knows of it
TIMEOUT_S = 30.0  # of one request
QUIET_WHEN_IDLE = {"grpc.keepalive_permit_without_calls": 0}  # servers part from clients that ping without need
READY_S, PAUSE_S = 10.0, 0.3  # while others make a collection, and between looks whether they have
BARE = -1  # in place of the number of rows: the reference has no minutiae, its one row resembles nothing
NOTE_CHARACTERS = 4096
NAME_DIGITS = 12  # of what tells collections apart

Row = dict[str, Any]


class MilvusIndex:
    """References of a `minutiae` model in a collection.

    Attributes:
        place: of the engine, as messages name it.
        collection: full name.
    """

    def __init__(self, place: MilvusPlace, *, secret: bytes, owner: str, size: int) -> None:
        """Connects, and makes the collection if there is none.

        Args:
            place: of the engine.
            secret: 32 bytes of the store's; what is written cannot be compared with anything without it.
            owner: whose references they are: the store and the model.
            size: of a descriptor.

        Raises:
            SettingsError: the engine's client is not installed.
            IndexUnavailable: the engine cannot be reached, or refuses.
        """
        self.place = place
        self._matrix = turning(secret, size)
        self._kin = f"{place.name}_{hashlib.sha256(owner.encode()).hexdigest()[:NAME_DIGITS]}_"
        self.collection = self._kin + turning_name(secret)
        self._notes = f"{place.name}_notes"
        self._lock = Lock()
        self._changed_s = -FRESH_S
        self._count: int | None = None
        self._library = _library()
        with self._asking():
            self._client = self._library.MilvusClient(
                uri=place.uri, token=place.token(), timeout=TIMEOUT_S, grpc_options=QUIET_WHEN_IDLE
            )
            self._make_ready()

    @property
    def name(self) -> str:
        """Of this kind of index."""
        return "milvus"

    def close(self) -> None:
        """Closes the connection."""
        with suppress(Exception):
            self._client.close()

    def __len__(self) -> int:
        """The number of references; asked for anew after a change."""
        with self._lock, self._asking():
            if self._count is None:
                answer = self._client.query(
                    self.collection, filter="rows != 0", output_fields=["count(*)"], consistency_level="Strong"
                )
                self._count = int(answer[0]["count(*)"])
            return self._count

    def add(self, ids: Sequence[int], templates: Sequence[Template]) -> None:
        """Takes references in, as `Index.add` says; a millisecond each."""
        given = dict(reversed(list(zip(ids, templates, strict=True))))  # the first of an id counts
        with self._changing():
            for block in _blocks(list(given)):
                held = self._held(block)
                rows = [row for one in block if one not in held for row in self._rows(one, given[one])]
                if rows:
                    self._client.upsert(self.collection, rows)

    def remove(self, ids: Collection[int]) -> None:
        """Gives references up, as `Index.remove` says."""
        with self._changing():
            for block in _blocks(sorted(ids)):
                held = self._held(block)
                keys = [key for one, rows in held.items() for key in row_keys(one, max(rows, 1))]
                if keys:
                    self._client.delete(self.collection, ids=keys)

    def likeliest(self, probe: Template, count: int) -> list[int]:
        """The references that look most like a probe, as `Index.likeliest` says."""
        if not len(probe.descriptors) or probe.descriptors.shape[1] != len(self._matrix):
            return []
        with self._asking():
            answer = self._client.search(
                self.collection,
                data=list(turned(probe.descriptors, self._matrix)),
                anns_field="descriptor",
                limit=NEIGHBOURS,
                output_fields=["reference"],
                search_params={"metric_type": "IP", "params": {"nprobe": ASKED}},
                consistency_level=self._consistency,
            )
        found = likeliest(*_neighbours(answer), count)
        return found if len(found) >= count else self._filled_up(found, count)

    def ids(self) -> Iterator[int]:
        """Of all references, in no certain order."""
        with self._asking():
            pages = self._client.query_iterator(
                self.collection, filter="rows != 0", output_fields=["reference"], batch_size=PAGE
            )
            while page := pages.next():
                yield from (_unsigned(row["reference"]) for row in page)
            pages.close()

    @property
    def note(self) -> str:
        """What was noted last about the collection; empty if nothing was."""
        with self._asking():
            kept = self._client.query(
                self._notes, ids=[self.collection], output_fields=["note"], consistency_level="Strong"
            )
        return str(kept[0]["note"]) if kept else ""

    def keep_note(self, text: str) -> None:
        """Notes what the collection holds now: at most 4,096 characters, and nothing secret."""
        with self._asking():
            row = {"collection": self.collection, "note": text, "unused": [0.0, 0.0]}
            self._client.upsert(self._notes, [row])

    def drop_kin(self) -> None:
        """Removes the collections of the same store and model that were turned by an earlier key."""
        with self._asking():
            for name in self._client.list_collections():
                if name.startswith(self._kin) and name != self.collection:
                    self._client.drop_collection(name)
                    self._client.delete(self._notes, ids=[name])

    @property
    def _consistency(self) -> str:
        return "Strong" if time.monotonic() < self._changed_s + FRESH_S else "Bounded"

    def _filled_up(self, found: list[int], count: int) -> list[int]:
        """All there are, where there are no more than so many; otherwise what was found."""
        with self._asking():
            rows = self._client.query(
                self.collection,
                filter="rows > 0",
                output_fields=["reference"],
                limit=count + 1,
                consistency_level=self._consistency,
            )
        held = [_unsigned(row["reference"]) for row in rows]
        return found if len(held) > count else list(dict.fromkeys([*found, *held]))

    def _held(self, ids: Sequence[int]) -> dict[int, int]:
        """Which of some references are there already, and in how many rows."""
        first = [row_keys(one, 1)[0] for one in ids]
        if not first:
            return {}
        rows = self._client.query(
            self.collection, ids=first, output_fields=["reference", "rows"], consistency_level="Strong"
        )
        return {_unsigned(row["reference"]): int(row["rows"]) for row in rows}

    def _rows(self, reference: int, template: Template) -> list[Row]:
        """The rows of a reference, of which the first says how many there are."""
        known = len(template.descriptors) > 0
        descriptors = template.descriptors if known else np.zeros((1, len(self._matrix)), np.int8)
        if descriptors.shape[1] != len(self._matrix):
            raise SettingsError(
                f"the index {self.place.text} takes descriptors of {len(self._matrix)} numbers, those of "
                f"{template.model_id} have {descriptors.shape[1]}; search without it (--index exact)"
            )
        counts = [len(descriptors) if known else BARE] + [0] * (len(descriptors) - 1)
        signed = int(np.uint64(reference).astype(np.int64))
        parts = zip(row_keys(reference, len(counts)), counts, turned(descriptors, self._matrix), strict=True)
        return [{"id": key, "reference": signed, "rows": count, "descriptor": row} for key, count, row in parts]

    def _make_ready(self) -> None:
        """Makes the collections that are missing, and has them loaded."""
        for name, fields, vector in self._kinds():
            end = time.monotonic() + READY_S
            while not self._is_ready(name, fields, vector, last=time.monotonic() > end):
                time.sleep(PAUSE_S)

    def _is_ready(self, name: str, fields: Sequence[tuple[Any, ...]], vector: Row, *, last: bool) -> bool:
        """Makes what is missing of a collection; false if another process is at it and this is not the last try."""
        try:
            if not self._client.has_collection(name):
                schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
                for field, kind, more in fields:
                    schema.add_field(field, kind, **more)
                self._client.create_collection(name, schema=schema)
            if not self._client.list_indexes(name):
                wanted = self._client.prepare_index_params()
                wanted.add_index(**vector)
                self._client.create_index(name, wanted)
            self._client.load_collection(name)
        except self._library.MilvusException:
            if last:
                raise
            return False
        return True

    def _kinds(self) -> list[tuple[str, list[tuple[Any, ...]], Row]]:
        """Name, fields and index of each collection."""
        kinds = self._library.DataType
        rows = [
            ("id", kinds.INT64, {"is_primary": True}),
            ("reference", kinds.INT64, {}),
            ("rows", kinds.INT16, {}),
            ("descriptor", kinds.FLOAT_VECTOR, {"dim": len(self._matrix)}),
        ]
        notes = [
            ("collection", kinds.VARCHAR, {"is_primary": True, "max_length": 200}),
            ("note", kinds.VARCHAR, {"max_length": NOTE_CHARACTERS}),
            ("unused", kinds.FLOAT_VECTOR, {"dim": 2}),  # a collection needs one
        ]
        lists = {"index_type": "IVF_SQ8", "metric_type": "IP", "params": {"nlist": LISTS}}
        return [
            (self.collection, rows, {"field_name": "descriptor", **lists}),
            (self._notes, notes, {"field_name": "unused", "index_type": "FLAT", "metric_type": "L2"}),
        ]

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock, self._asking():
            self._count, self._changed_s = None, time.monotonic()
            yield
            self._changed_s = time.monotonic()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """One line that names the engine for whatever goes wrong there."""
        try:
            yield
        except self._library.MilvusException as error:
            said = " ".join(str(error.message or error).split())
            raise IndexUnavailable(
                f"the index {self.place.text} does not answer ({said:.200}); start the engine, or search without it "
                "(--index exact)"
            ) from error


def _library() -> Any:
    try:
        import pymilvus
    except ImportError as error:
        raise SettingsError(
            f"an index in Milvus needs {install_line('milvus')}; or search without it (--index exact)"
        ) from error
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # it logs, with a traceback, whatever it raises
    return pymilvus


def _neighbours(answer: Sequence[Sequence[Any]]) -> tuple[FloatArray, NDArray[np.uint64]]:
    """Cosines and references of each minutia's neighbours, (n, k) each, filled up where there are fewer."""
    most = max((len(hits) for hits in answer), default=0)
    cosine = np.full((len(answer), max(most, 1)), np.finfo(np.float32).min, np.float32)
    owner = np.zeros(cosine.shape, np.int64)
    for row, hits in enumerate(answer):
        cosine[row, : len(hits)] = [hit["distance"] for hit in hits]
        owner[row, : len(hits)] = [hit["entity"]["reference"] for hit in hits]
    return cosine, owner.view(np.uint64)


def row_keys(reference: int, rows: int) -> list[int]:
    """Keys of a reference's rows, 63 bits: always the same, so that nothing is there twice, whoever wrote it.

    Among fifty million rows two agree once in 7,000 collections, and one minutia is then missing.

    Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
    """
    own = _mixed(np.array([reference], np.uint64))
    keys = _mixed(np.asarray(own + np.arange(rows, dtype=np.uint64), np.uint64))
    return [int(one) for one in keys >> np.uint64(1)]


def _mixed(z: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Whole numbers of 64 bits, each taken to another, so that all bits of one depend on all of the other."""
    z = z + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    return z ^ (z >> np.uint64(31))


def _unsigned(kept: int) -> int:
    return kept % 2**64


def _blocks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
