"""Which slices a stack learns from, and the folds of its out-of-fold predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.base.arrays import Array
from poreops.errors import InputError


class SliceSplitConfig(BaseModel):
    """How slices are split.

    Attributes
    ----------
    seed : of the parts, of the folds and of the random split
    folds : of whole kinds of rock, at most, of the out-of-fold predictions that level 2 learns
        from
    test_share : of the slices of the rocks to learn from, in the paper's random split
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    folds: Annotated[int, Field(ge=2)]
    test_share: Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True)
class Plan:
    """Rows to learn from, and their folds.

    rows : (n,) bool. folds : (n,) int, number of each row's fold; -1 where `rows` is False.
    """

    rows: NDArray[np.bool_]
    folds: NDArray[np.int64]

    @property
    def masks(self) -> list[NDArray[np.bool_]]:
        """What each fit learns from: the rows outside fold 0, 1, …, then all rows."""
        return [
            *(self.rows & (self.folds != fold) for fold in range(self.folds.max() + 1)),
            self.rows,
        ]


def counted(
    mask: NDArray[np.bool_], weights: NDArray[np.float64] | None
) -> NDArray[np.float64] | None:
    """Return how much each row of a mask counts in a fit, with mean 1; None if all count alike.

    With mean 1 a penalty and a batch keep their meaning; None is the fit of rows without weights,
    to the bit.

    Parameters
    ----------
    mask : (n,) bool, rows that are learned from
    weights : (n,) of all rows, positive; None for none

    Examples
    --------
    >>> counted(np.array([True, True, False]), np.array([1.0, 0.5, 0.1])).round(3).tolist()
    [1.333, 0.667]
    """
    own = None if weights is None else weights[mask]
    return None if own is None or np.ptp(own) == 0 else np.asarray(own / own.mean())


def kept(groups: Array, left_out: Sequence[str]) -> NDArray[np.bool_]:
    """Return which rows (n,) are of no group that is left out.

    Parameters
    ----------
    groups : (n,) of each row
    left_out : groups
    """
    return ~np.isin(groups, list(left_out))


def plan_by_group(groups: Array, folds: int, seed: int, left_out: Sequence[str] = ()) -> Plan:
    """Plan folds of whole groups: none has slices on both sides.

    Parameters
    ----------
    groups : (n,) of any kind, the rock of each row or its kind
    folds : at most so many; never more than groups
    seed : int
    left_out : groups to learn nothing from
    """
    rows = kept(groups, left_out)
    names = np.unique(groups[rows])
    folds = min(folds, len(names))
    if folds < 2:
        raise InputError(
            f"there must be at least two kinds of rock to learn from, got {len(names)} with "
            f"{' and '.join(map(str, left_out)) or 'none'} left out; add rocks of other kinds"
        )
    shuffled = np.random.default_rng(seed).permutation(names)
    place = {name: k % folds for k, name in enumerate(shuffled)}
    found = np.array([place.get(group, -1) for group in groups], np.int64)
    return Plan(rows, found)


def plan_at_random(rows: NDArray[np.bool_], folds: int, seed: int) -> Plan:
    """Plan folds of single rows, as the paper did: slices of a rock are on both sides.

    Parameters
    ----------
    rows : (n,) bool, to learn from
    folds : of single rows
    seed : of the deal
    """
    found = np.full(len(rows), -1, np.int64)
    count = int(rows.sum())
    found[rows] = np.random.default_rng(seed).permutation(count) % folds
    return Plan(rows, found)


def random_test(count: int, config: SliceSplitConfig) -> NDArray[np.bool_]:
    """Choose the test slices of the paper's split at random, (count,) bool.

    Parameters
    ----------
    count : of slices
    config : SliceSplitConfig
    """
    test = np.zeros(count, bool)
    order = np.random.default_rng(config.seed).permutation(count)
    test[order[: round(config.test_share * count)]] = True
    return test
