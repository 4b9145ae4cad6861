"""Networks whose pores are blocks joined by modes, with bounds on the formation factor."""

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
