"""Templates of minutiae alone: of records that other software made, and of scans that are compared with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Lock

import numpy as np

from fpverify.errors import UnreadableRecord
from fpverify.features.acquisition import LEAST_MINUTIAE
from fpverify.features.extraction import Acquired, MinutiaExtractor
from fpverify.features.grid import minutiae_on_grid, quality_on_grid
from fpverify.features.minutiae import MOST_MINUTIAE, selected
from fpverify.features.views import BEST, CM_PER_INCH
from fpverify.vocabulary import WORKING_PPI, FingerView, FloatArray, Minutiae, Scan, Template

MINUTIAE_MODEL = "bare-3"  # id of the model that compares them
USUAL_QUALITY = 1.0  # of minutiae and pictures whose quality nobody stated


class BareExtractor:
    """Scan to template for a model of the kind `bare`: the minutiae that another model finds, and no more of it."""

    def __init__(self, model_id: str, finder: Callable[[], MinutiaExtractor]) -> None:
        """Nothing is loaded yet.

        Args:
            model_id: of the bundle.
            finder: fetches what finds minutiae in scans; asked with the first scan, records need none.
        """
        self._model_id = model_id
        self._fetch = finder
        self._found: MinutiaExtractor | None = None
        self._lock = Lock()

    def extract(self, scan: Scan) -> Template:
        """The template of a scan; raises FailureToAcquire."""
        return self.acquire(scan).template

    def acquire(self, scan: Scan) -> Acquired:
        """The template of a scan, and where it came from; raises FailureToAcquire, ModelError."""
        with self._lock:
            if self._found is None:
                self._found = self._fetch()
        acquired = self._found.acquire(scan)
        return replace(acquired, template=bare(acquired.template, self._model_id))


def bare(template: Template, model_id: str = MINUTIAE_MODEL) -> Template:
    """The same print by its minutiae alone.

    Args:
        template: of any model that finds minutiae.
        model_id: of the model that compares what is left.
    """
    return Template(model_id, template.quality, template.minutiae, _nothing(len(template.minutiae)))


def is_bare(template: Template) -> bool:
    """Whether a template has minutiae and nothing else."""
    return template.vector is None and len(template.minutiae) > 0 and template.descriptors.shape[1] == 0


def template_of_view(view: FingerView, source: str, model_id: str = MINUTIAE_MODEL) -> Template:
    """The minutiae of a record as a template; of more than 80 those of the best quality.

    Args:
        view: of one finger.
        source: name of the record, for messages.
        model_id: of the model that compares it.

    Raises:
        UnreadableRecord: it states no resolution, or has fewer than 4 minutiae.
    """
    if not (view.ppcm_x and view.ppcm_y):
        raise UnreadableRecord(f"{source}: states no resolution: give it, such as --ppi 500")
    if len(view) < LEAST_MINUTIAE:
        raise UnreadableRecord(f"{source}: holds {len(view)} minutiae, at least {LEAST_MINUTIAE} are needed")
    quality = np.where(view.quality < 0, USUAL_QUALITY, view.quality / BEST).astype(np.float32)
    x_px, y_px = _working(view.x_px, view.ppcm_x), _working(view.y_px, view.ppcm_y)
    order = np.argsort(-quality, kind="stable")[:MOST_MINUTIAE]
    minutiae = minutiae_on_grid(selected(Minutiae(x_px, y_px, view.angle_rad, quality), order))
    stated = [one.value for one in view.ratings if one.value >= 0]
    rating = stated[0] / BEST if stated else USUAL_QUALITY
    return Template(model_id, quality_on_grid(rating), minutiae, _nothing(len(minutiae)))


def _nothing(minutiae: int) -> np.ndarray[tuple[int, int], np.dtype[np.int8]]:
    """Descriptors of no numbers."""
    return np.zeros((minutiae, 0), np.int8)


def _working(position: FloatArray, ppcm: float) -> FloatArray:
    """Positions of a picture in pixels of the working resolution, never negative; both pictures' edges coincide."""
    scale = WORKING_PPI / (ppcm * CM_PER_INCH)
    return np.asarray(((position + 0.5) * scale - 0.5).clip(0), np.float32)
