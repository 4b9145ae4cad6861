"""Arrays whose dtype many rooms leave open.

Each says once what is open: the checker takes the values for what a reader uses them as.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""An array from a file or a caller: who wrote it knows its dtype, and who reads it checks."""

Values = NDArray[np.generic]
"""An array whose values are passed on or converted, of any dtype."""

Integers = NDArray[np.integer]
"""Whole numbers of any size, as labels of regions."""

DType = np.dtype[np.generic]
"""The type of an array's values, any."""
