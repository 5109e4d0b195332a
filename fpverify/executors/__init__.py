"""Where work on many scans is done: executors of `concurrent.futures`, here or on other machines."""

from __future__ import annotations

from fpverify.executors.workforce import (
    CarriedModel,
    DaskWorkforce,
    Workforce,
    dask_workforce,
    local_workforce,
)

__all__ = ["CarriedModel", "DaskWorkforce", "Workforce", "dask_workforce", "local_workforce"]
