"""Split conduits into training, validation and test parts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from poreops.store import read_hdf5

Rows = NDArray[np.int64]


class SplitConfig(BaseModel):
    """How conduits are split.

    Attributes
    ----------
    seed : of both splits
    validation_share : of the training volumes that only validate
    random_shares : training, validation and test share of the paper's split over conduits
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    validation_share: Annotated[float, Field(gt=0, lt=1)]
    random_shares: tuple[float, float, float]


@dataclass(frozen=True)
class Split:
    """Row numbers of the conduits in each part, increasing; ``test`` may be empty."""

    train: Rows
    validation: Rows
    test: Rows


def split_by_volume(volume: NDArray[np.integer], config: SplitConfig) -> Split:
    """Split so that no volume has conduits on both sides: neighbours share whole pores."""
    volumes = np.random.default_rng(config.seed).permutation(np.unique(volume))
    if len(volumes) < 2:
        raise ValueError(f"a split by volume needs two volumes, got {len(volumes)}")
    held_out = volumes[: max(1, round(config.validation_share * len(volumes)))]
    inside = np.isin(volume, held_out)
    return Split(np.flatnonzero(~inside), np.flatnonzero(inside), np.zeros(0, np.int64))


def split_at_random(count: int, config: SplitConfig) -> Split:
    """Split the conduits themselves, as the paper did: pores leak between the parts."""
    order = np.random.default_rng(config.seed + 1).permutation(count)
    ends = np.round(np.cumsum(config.random_shares) * count).astype(int)
    train, validation, test = order[: ends[0]], order[ends[0] : ends[1]], order[ends[1] : ends[2]]
    return Split(np.sort(train), np.sort(validation), np.sort(test))


def read_split(path: str | Path) -> Split:
    """Read a split that the stage split_conduits wrote."""
    arrays, _ = read_hdf5(path)
    return Split(arrays["train"], arrays["validation"], arrays["test"])
