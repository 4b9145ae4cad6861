"""What a model has seen: the distribution of its inputs in training, and how far others are off.

Each scalar of the encoding, or of the estimate that a model corrects, is kept as quantiles. Of
conduits like those of the training a share of 2 % lies beyond the 1 % and 99 % quantiles of a
scalar; of another rock, another resolution or another partition it is more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from poreops.base.content import Json
from poreops.conductance.learning.encoding import SCALARS

PROBABILITIES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
LOW, HIGH = PROBABILITIES.index(0.01), PROBABILITIES.index(0.99)
FEWEST = 30
"""Conduits without which nothing is said: of fewer, one alone is more than 3 %."""
NEAR, OUTSIDE = 0.06, 0.2
"""Shares beyond the quantiles of one scalar, three and ten times what is expected."""
State = Literal["inside", "near", "outside", "unknown"]


@dataclass(frozen=True)
class Drift:
    """How conduits differ from those that a model learned from.

    Attributes
    ----------
    state : "inside", "near", "outside"; "unknown" of fewer than `FEWEST` conduits
    beyond : scalar → share of the conduits beyond its 1 % and 99 % quantiles; 0.02 is expected
    conduits : number of them
    """

    state: State
    beyond: Mapping[str, float]
    conduits: int

    @property
    def worst(self) -> str:
        """The scalar of the largest share."""
        return max(self.beyond, key=lambda name: self.beyond[name])

    def __str__(self) -> str:
        """Return it as one line."""
        if self.state == "unknown":
            return f"{self.conduits} conduits are too few to tell"
        return (
            f"{self.state} of what the model learned from: {self.beyond[self.worst]:.0%} of "
            f"{self.conduits} conduits are beyond it in {self.worst} (2 % are expected)"
        )


@dataclass(frozen=True)
class Seen:
    """The distribution of the scalars in training.

    Attributes
    ----------
    quantiles : scalar → value at each of `PROBABILITIES`
    conduits : number of them
    """

    quantiles: Mapping[str, Sequence[float]]
    conduits: int

    @classmethod
    def of(cls, scalars: NDArray[np.float32], names: Sequence[str] = SCALARS) -> "Seen":
        """Return the distribution of the scalars (n, k) of a training.

        Parameters
        ----------
        scalars : (n, k) float32
        names : of them
        """
        found = np.quantile(np.asarray(scalars, np.float64), PROBABILITIES, axis=0)
        columns = zip(names, found.T, strict=True)
        # so many digits tell all there is, and read well
        quantiles = {name: [float(f"{v:.6g}") for v in values] for name, values in columns}
        return cls(quantiles, len(scalars))

    @classmethod
    def read(
        cls, content: Mapping[str, Json] | None, names: Sequence[str] = SCALARS
    ) -> "Seen | None":
        """Return what `content` wrote; None of a model that keeps no distribution.

        Parameters
        ----------
        content : of a file that this class wrote, or None
        names : of the scalars, in their order
        """
        if content is None:
            return None
        return cls(
            {name: [float(v) for v in content["quantiles"][name]] for name in names},
            int(content["conduits"]),
        )

    @property
    def content(self) -> dict[str, object]:
        """What a description keeps."""
        return {"quantiles": dict(self.quantiles), "conduits": self.conduits}

    def drift(self, scalars: NDArray[np.float32]) -> Drift:
        """Compare the scalars (n, k) of other conduits.

        Parameters
        ----------
        scalars : as of `of`
        """
        beyond = dict.fromkeys(self.quantiles, 0.0)
        if len(scalars):
            for name, values in zip(self.quantiles, scalars.T, strict=True):
                low, high = self.quantiles[name][LOW], self.quantiles[name][HIGH]
                # a scalar that hardly varies must not be missed for its last digits
                slack = 1e-5 * max(abs(low), abs(high))
                beyond[name] = float(((values < low - slack) | (values > high + slack)).mean())
        most = max(beyond.values())
        state: State = "inside" if most <= NEAR else "near" if most <= OUTSIDE else "outside"
        return Drift("unknown" if len(scalars) < FEWEST else state, beyond, len(scalars))
