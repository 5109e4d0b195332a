"""Arrays by what their numbers are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
Scores = NDArray[np.float64]
IndexArray = NDArray[np.int32]
