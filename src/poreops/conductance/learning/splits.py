"""Split conduits into training, validation and test parts."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator

from poreops.base.hdf5 import read_hdf5
from poreops.errors import InputError

Rows = NDArray[np.int64]
Share = Annotated[float, Field(gt=0, lt=1)]


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
    validation_share: Share
    random_shares: tuple[Share, Share, Share]

    @field_validator("random_shares")
    @classmethod
    def _sum_is_one(cls, shares: tuple[float, float, float]) -> tuple[float, float, float]:
        if not math.isclose(sum(shares), 1):
            raise ValueError("the shares must add up to 1")
        return shares


@dataclass(frozen=True)
class Split:
    """Row numbers of the conduits in each part, increasing; ``test`` may be empty."""

    train: Rows
    validation: Rows
    test: Rows


def split_by_volume(volume: NDArray[np.integer], config: SplitConfig) -> Split:
    """Split so that no volume has conduits on both sides: neighbours share whole pores.

    Parameters
    ----------
    volume : (n,) int, index of the volume of each conduit
    config : SplitConfig
    """
    volumes = np.random.default_rng(config.seed).permutation(np.unique(volume))
    if len(volumes) < 2:
        raise InputError(
            f"a split by volume needs two volumes, got {len(volumes)}; raise volumes.train"
        )
    count = round(config.validation_share * len(volumes))
    held_out = volumes[: min(max(1, count), len(volumes) - 1)]
    inside = np.isin(volume, held_out)
    return Split(np.flatnonzero(~inside), np.flatnonzero(inside), np.zeros(0, np.int64))


def split_at_random(count: int, config: SplitConfig) -> Split:
    """Split the conduits themselves, as the paper did: pores leak between the parts.

    Parameters
    ----------
    count : number of conduits
    config : SplitConfig
    """
    order = np.random.default_rng(config.seed + 1).permutation(count)
    ends = np.round(np.cumsum(config.random_shares) * count).astype(int)
    train, validation, test = order[: ends[0]], order[ends[0] : ends[1]], order[ends[1] : ends[2]]
    return Split(np.sort(train), np.sort(validation), np.sort(test))


def read_split(path: str | Path) -> Split:
    """Read a split that the stage conductance_split wrote.

    Parameters
    ----------
    path : HDF5 file with train, validation and test, int64
    """
    arrays, _ = read_hdf5(path)
    return Split(arrays["train"], arrays["validation"], arrays["test"])
