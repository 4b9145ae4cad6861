"""What the network is trained on: the size factor, scaled; and the way back, inside the model."""

from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

TargetKind = Literal["log", "minmax", "standard"]


@dataclass(frozen=True)
class TargetScaling:
    """Invertible map between size factors and network outputs.

    Attributes
    ----------
    kind : "log" (standardised logarithm), "minmax" (the paper's) or "standard"
    shift, scale : float
        ``scaled = (f(size_factor) - shift) / scale`` with f = log or the identity.
    """

    kind: TargetKind
    shift: float
    scale: float

    def __post_init__(self) -> None:
        if self.kind not in get_args(TargetKind):
            raise ValueError(f"kind must be one of {get_args(TargetKind)}, got {self.kind!r}")

    @classmethod
    def fit(cls, kind: TargetKind, size_factors: NDArray[np.floating]) -> Self:
        """Fit to the size factors of the training set, all positive.

        Parameters
        ----------
        kind : log, minmax or standard
        size_factors : (n,) float64
        """
        values = np.asarray(size_factors, dtype=np.float64)
        if kind == "log":
            values = np.log(values)
        if kind == "minmax":
            return cls(kind, float(values.min()), float(np.ptp(values)) or 1.0)
        return cls(kind, float(values.mean()), float(values.std()) or 1.0)

    def scaled(self, size_factors: NDArray[np.floating]) -> NDArray[np.float32]:
        """Network outputs that stand for these size factors.

        Parameters
        ----------
        size_factors : (n,) float64
        """
        values = np.asarray(size_factors, dtype=np.float64)
        if self.kind == "log":
            values = np.log(values)
        return ((values - self.shift) / self.scale).astype(np.float32)

    def size_factors(self, scaled: NDArray[np.floating]) -> NDArray[np.float64]:
        """Size factors that these network outputs stand for.

        Parameters
        ----------
        scaled : (n,) float
        """
        values = np.asarray(scaled, dtype=np.float64) * self.scale + self.shift
        return np.exp(values) if self.kind == "log" else values
