"""Three parts of the rocks: one to learn and search on, one to gate on, one for the report.

Only the report reads the last one, and nothing is chosen by it. Each part holds every kind of
rock; what "kind left out" leaves out is the kind in all parts.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.errors import InputError
from poreops.properties.learning.plans import SliceSplitConfig, random_test

LEARN, GATE, REPORT = "learn", "gate", "report"
PARTS = (LEARN, GATE, REPORT)
_DEALT = (LEARN, GATE, LEARN, REPORT)  # half of the rocks are learned from
_REAL_KINDS = 4  # a model is fitted for each pair of kinds left out


def with_parts(table: pd.DataFrame, config: SliceSplitConfig) -> pd.DataFrame:
    """Add the columns ``kind`` and ``part`` to a table of slices.

    Rocks are dealt within their kind. A share of the slices of the rocks to learn from goes to
    the report too: the test slices of the paper's random split.

    Parameters
    ----------
    table : one row a slice, with ``rock`` and ``genesis``
    config : SliceSplitConfig

    Returns
    -------
    pd.DataFrame
        The table, with ``kind`` (str), ``part`` (one of `PARTS`) and ``sibling``: whether the
        report gets the slice although the rock is learned from.

    Raises
    ------
    InputError
        Fewer than three kinds.
    """
    rocks = table.groupby("rock", sort=True)["genesis"].first()
    kinds = kinds_of(rocks.index.to_numpy(), rocks.to_numpy(), config.seed)
    if len(np.unique(kinds)) < 3:
        raise InputError(
            f"there must be at least three kinds of rock, to judge on one that was left out, got "
            f"{len(np.unique(kinds))} ({', '.join(np.unique(kinds))}); add rocks, or raise "
            "properties.rocks.plugs.counts"
        )
    rng = np.random.default_rng(config.seed)
    part, dealt = {}, 0
    for kind in np.unique(kinds):
        for rock in rng.permutation(rocks.index[kinds == kind].to_numpy()):
            part[rock] = _DEALT[dealt % len(_DEALT)]
            dealt += 1
    of_rocks = dict(zip(rocks.index, kinds, strict=True))
    found = table.assign(kind=table["rock"].map(of_rocks), part=table["rock"].map(part))
    learned = (found["part"] == LEARN).to_numpy()
    sibling = np.zeros(len(found), bool)
    sibling[learned] = random_test(int(learned.sum()), config)
    return found.assign(part=found["part"].mask(sibling, REPORT), sibling=sibling)


def kinds_of(rocks: Array, genesis: Array, seed: int) -> NDArray[np.str_]:
    """Return the kind of each rock: what is left out together.

    The genesis of a synthetic plug. Real rocks of one name before the last underscore, as berea_1
    and berea_2, are one rock; the rocks are dealt into at most four kinds.

    Parameters
    ----------
    rocks : (r,) names
    genesis : (r,) of each, "real" for a rock with images of its own
    seed : of the deal

    Examples
    --------
    >>> names = np.array(["berea_1", "berea_2", "blobs_00", "ketton"])
    >>> kinds_of(names, np.array(["real", "real", "blobs", "real"]), 1)
    array(['real_0', 'real_0', 'blobs', 'real_1'], dtype='<U6')
    """
    stems = np.array([str(rock).rpartition("_")[0] or str(rock) for rock in rocks])
    real = genesis == "real"
    order = np.random.default_rng(seed).permutation(np.unique(stems[real]))
    place = {stem: k % _REAL_KINDS for k, stem in enumerate(order)}
    named = [
        f"real_{place[stem]}" if is_real else str(g)
        for stem, is_real, g in zip(stems, real, genesis, strict=True)
    ]
    return np.array(named)
