"""What is asked of every core: a share of pores, a share of ores, or neither."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poreops.errors import InputError

Floats = NDArray[np.float64]

_SHARES = ("a porosity", "an ore share")  # in the order of their columns


@dataclass(frozen=True)
class Goals:
    """Shares that are stated; what is not follows the law of the model.

    Attributes
    ----------
    porosity, ore_share : share of pores and of ores of every core, or None
    """

    porosity: float | None = None
    ore_share: float | None = None

    @property
    def stated(self) -> dict[int, float]:
        """Column of a table of shares, 0 pores and 1 ores → the share that is stated."""
        both = enumerate((self.porosity, self.ore_share))
        return {column: share for column, share in both if share is not None}

    def check(self, known: Floats, whose: str) -> None:
        """Raise InputError unless each lies between the least and the largest that is known.

        Parameters
        ----------
        known : (n, 2), shares of pores and ores
        whose : they are, for the message
        """
        for column, share in self.stated.items():
            low, high = float(known[:, column].min()), float(known[:, column].max())
            if not low <= share <= high:
                raise InputError(
                    f"{_SHARES[column]} must be one that {whose}, {low:.3g} to {high:.3g}, got "
                    f"{share:g}; ask for one between"
                )

    def away(self, shares: Floats, known: Floats) -> Floats:
        """Return how far shares are from what is stated, in ranges of what is known.

        Parameters
        ----------
        shares, known : (n, 2), (m, 2), of pores and ores

        Returns
        -------
        (n,) float64
        """
        far = np.zeros(len(shares))
        for column, share in self.stated.items():
            far += np.abs(shares[:, column] - share) / max(float(np.ptp(known[:, column])), 1e-9)
        return far
