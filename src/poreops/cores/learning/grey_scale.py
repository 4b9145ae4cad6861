"""The grey values that the output of a generator stands for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_EDGE = 0.9  # of the range of tanh, which reaches ±1 only at infinity


@dataclass(frozen=True)
class GreyScale:
    """The grey values that -1 and 1 stand for."""

    low: float
    high: float

    @classmethod
    def fit(cls, kind: str, crops: NDArray[np.uint8]) -> "GreyScale":
        """Return the scale of a configuration for some crops.

        Parameters
        ----------
        kind : "full" or "fitted", of a configuration
        crops : (n, rows, columns) uint8
        """
        if kind == "full":
            return cls(0.0, 255.0)
        low, high = np.quantile(crops, [0.001, 0.999])
        margin = (high - low) * (1 / _EDGE - 1) / 2
        return cls(float(low - margin), float(high + margin))

    def grey(self, values: NDArray[np.floating]) -> NDArray[np.uint8]:
        """Turn -1..1 into grey values.

        Parameters
        ----------
        values : any shape, floating
        """
        found = self.low + (self.high - self.low) * (values + 1) / 2
        return np.clip(np.rint(found), 0, 255).astype(np.uint8)
