"""Where work on many scans is done: executors of `concurrent.futures`, here or on other machines."""

from __future__ import annotations

from fpverify.executors.jobs import answers
from fpverify.executors.workforce import (
    CarriedModel,
    DaskWorkforce,
    LocalWorkforce,
    Workforce,
    dask_workforce,
    local_workforce,
)

__all__ = [
    "CarriedModel",
    "DaskWorkforce",
    "LocalWorkforce",
    "Workforce",
    "answers",
    "dask_workforce",
    "local_workforce",
]
