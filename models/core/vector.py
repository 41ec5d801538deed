"""The type of vectors of figures."""

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
