"""The inverted index: minutiae in lists by what they look like, of which each of a probe's asks a few.

The lists are faiss' (Douze et al., The Faiss library, 2024, arXiv:2401.08281). What they hold of a minutia is its
descriptor in steps of 1 / `codebook.STEPS` and the id of its reference: 72 bytes. Which list it lies in is decided in
whole numbers, and adding or removing a reference touches the lists of its minutiae alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import SettingsError
from fpverify.search.index.codebook import STEPS, Codebook, steps
from fpverify.search.index.shared_lock import SharedLock
from fpverify.search.index.votes import likeliest
from fpverify.vocabulary import FloatArray, Template

NEIGHBOURS = 100  # of each minutia: mates are nearly always among them, and the vote costs a millisecond
LISTS = (4, 256)  # that a minutia asks: at least, and at most
SCANNED = 10_000  # minutiae that it is compared with, if these lists allow it: 0.1 ms
MISSING = np.finfo(np.float32).min  # faiss' inner product where there is no neighbour

Rows = NDArray[np.int8]


class InvertedIndex:
    """References of a `minutiae` model with a codebook, 3.4 KB each.

    Raises:
        SettingsError: faiss is not installed.
    """

    def __init__(self, codebook: Codebook) -> None:
        self._faiss = _library()
        self._lock = SharedLock()
        self._lists_of: dict[int, bytes] = {}  # of a reference: the numbers of its minutiae's lists, uint16
        self._coarse, self._lists = _made(self._faiss, codebook)

    @property
    def name(self) -> str:
        """Of this kind of index."""
        return "ivf"

    def __len__(self) -> int:
        """The number of references."""
        return len(self._lists_of)

    def add(self, ids: Sequence[int], templates: Sequence[Template]) -> None:
        """Takes references in, as `Index.add` says."""
        self.add_rows(ids, [one.descriptors for one in templates])

    def add_rows(self, ids: Sequence[int], descriptors: Sequence[Rows]) -> None:
        """The same with the templates' descriptors, (n, d) each."""
        given = dict(zip(ids, descriptors, strict=True))
        with self._lock.alone(), _one_thread(self._faiss):
            new = {one: rows for one, rows in given.items() if one not in self._lists_of}
            self._lists_of |= dict.fromkeys(new, b"")
            full = {one: rows for one, rows in new.items() if len(rows)}
            if full:
                self._enter(full)

    def remove(self, ids: Collection[int]) -> None:
        """Gives references up, as `Index.remove` says; 0.5 ms each."""
        with self._lock.alone():
            for one in ids:
                lists = np.unique(np.frombuffer(self._lists_of.pop(one, b""), np.uint16))
                for number in lists.tolist():
                    self._strike(number, one)

    def likeliest(self, probe: Template, count: int) -> list[int]:
        """The references that look most like a probe, as `Index.likeliest` says."""
        rows = probe.descriptors
        if not len(rows) or rows.shape[1] != self._lists.d:
            return []
        with self._lock.shared(), _one_thread(self._faiss):
            if len(self) <= count:
                return [one for one, lists in self._lists_of.items() if lists]
            asked = self._faiss.SearchParametersIVF(nprobe=self._asked())
            found, owners = self._lists.search(_coded(rows), NEIGHBOURS, params=asked)
        return likeliest(_cosine(found), owners.view(np.uint64), count)

    def _asked(self) -> int:
        """Lists that each minutia of a probe asks: fewer, the fuller they are."""
        wanted = SCANNED * self._lists.nlist / max(self._lists.ntotal, 1)
        return int(min(max(round(wanted), LISTS[0]), LISTS[1], self._lists.nlist))

    def _enter(self, full: dict[int, Rows]) -> None:
        coded = _coded(np.concatenate(list(full.values())))
        _, nearest = self._coarse.search(coded, 1)
        lists = np.ascontiguousarray(nearest[:, 0])
        owners = np.repeat(np.array(list(full), np.uint64), [len(one) for one in full.values()]).view(np.int64)
        pointer = self._faiss.swig_ptr
        self._lists.add_core(len(coded), pointer(coded), pointer(owners), pointer(lists))
        ends = np.cumsum([len(one) for one in full.values()])[:-1]
        parts = np.split(lists.astype(np.uint16), ends)
        self._lists_of |= {one: part.tobytes() for one, part in zip(full, parts, strict=True)}

    def _strike(self, number: int, owner: int) -> None:
        """Takes a reference's minutiae out of a list: the last ones take their places."""
        lists, view = self._lists.invlists, self._faiss.rev_swig_ptr
        size = lists.list_size(number)
        owners = view(lists.get_ids(number), size)
        codes = view(lists.get_codes(number), size * lists.code_size).reshape(size, lists.code_size)
        for place in np.flatnonzero(owners.view(np.uint64) == np.uint64(owner))[::-1].tolist():
            size -= 1
            owners[place], codes[place] = owners[size], codes[size]
            codes[size] = 0
            self._lists.ntotal -= 1
        lists.resize(number, size)


def _library() -> Any:
    """Faiss, which nothing but this loads."""
    try:
        import faiss
    except ImportError as error:
        raise SettingsError("the ivf index needs `pip install 'fpverify[search]'`; or search with exact") from error
    return faiss


def _made(faiss: Any, codebook: Codebook) -> tuple[Any, Any]:
    """The centres, and empty lists, which take 8 bits as they are.

    `QT_8bit_direct_signed` would say just this, but its products are wrong (faiss 1.15); so the range is set that
    `QT_8bit` would learn: whole numbers from -128 to 127.
    """
    count, size = codebook.centres.shape
    centres = faiss.IndexFlatIP(size)
    centres.add(codebook.centres.astype(np.float32))
    kind, metric = faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
    lists = faiss.IndexIVFScalarQuantizer(centres, size, count, kind, metric, False)
    lowest, width = np.full(size, -128.5, np.float32), np.full(size, 255, np.float32)
    faiss.copy_array_to_vector(np.concatenate([lowest, width]), lists.sq.trained)
    lists.is_trained = True
    return centres, lists


def _coded(rows: Rows) -> FloatArray:
    """Descriptors as whole numbers in float32, as faiss takes them."""
    return steps(rows).astype(np.float32)


def _cosine(products: FloatArray) -> FloatArray:
    """Of inner products of coded rows, whole numbers but for faiss' rounding; the least float stays what it is."""
    return np.asarray(np.where(products > MISSING, np.rint(products) / np.float32(STEPS**2), MISSING))


@contextmanager
def _one_thread(faiss: Any) -> Iterator[None]:
    """On one core, as everything that decides; for the calling thread alone."""
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
