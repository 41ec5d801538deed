"""The types of arrays of figures."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""Of two dimensions, such as values by path and month."""
Vector = NDArray[np.float64]
