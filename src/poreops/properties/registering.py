"""The judged model as a candidate for the registry, and its package."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.content import Json
from poreops.base.files import read_table, sha256
from poreops.mlops.registry import Candidate, Scores
from poreops.mlops.tracking import Tensor, save_pyfunc
from poreops.properties.gate import MAIN, GateConfig, flat
from poreops.properties.judging.left_out_kinds import probe_scores
from poreops.properties.model import RockModel
from poreops.properties.registry import MODEL

_DOES = (
    "Predicts porosity and permeability of a rock from grey micro-CT slices: the permeability of "
    "each slice in pixel², to be multiplied by the square of the pixel's edge."
)
_LIMITS = (
    "Rocks beyond the range of those it learned from have wider intervals, which `poreops "
    "properties` gives and a served answer does not; `poreops serve` says whether they are beyond."
)


def judged_candidate(
    judged: Mapping[str, Json], files: Path, probe: Path, gate: GateConfig, *, valid: bool
) -> Candidate:
    """Return the model that was judged as a candidate.

    Parameters
    ----------
    judged : content of artifacts/properties/judged/judged.json
    files : folder of the model
    probe : slices of the gate part
    gate : GateConfig, whose nulls are kept with the version
    valid : whether the data passed its validation
    """
    model = RockModel.load(files)
    stacks = {name: of for name, of in judged["candidates"].items() if name not in gate.margins}
    return Candidate(
        name=MODEL,
        files=files,
        probe=probe,
        judged=judged["sha256"],
        judged_on=sha256(probe),
        scores=judged["scores"],
        main=MAIN,
        probed=judged["probe"],
        valid=valid,
        nulls={name: flat(judged["candidates"][name]) for name in gate.margins},
        params={"served": model.served, "features": model.features},
        walls=model.walls,
        does=_DOES,
        limits=_LIMITS,
        ablation={name: flat(of) for name, of in stacks.items()},
    )


def packaged(candidate: Candidate, folder: Path) -> Path:
    """Write the package of a candidate, its served code included, and return its folder.

    Parameters
    ----------
    candidate : of `judged_candidate`
    folder : replaced if it exists
    """
    return save_pyfunc(
        folder,
        Path(__file__).with_name("served.py"),
        {"stack": candidate.files, "probe": candidate.probe},
        inputs=Tensor("uint8", (-1, -1, -1)),
        outputs=Tensor("float64", (-1, 2)),
        example=_example(),
    )


def _example() -> NDArray[np.uint8]:
    """Return a grey slice with round pores in rows, (1, 96, 96) uint8."""
    across = np.cos(np.arange(96) * (2 * np.pi / 16))
    bright = np.clip(across[:, None] + across[None, :], -1, 1)
    return np.asarray((120 - 50 * bright)[None], dtype=np.uint8)


def score(files: Path, probe: Path) -> Scores:
    """Load a model's own files and score them on the plugs of a table.

    Parameters
    ----------
    files : folder of the model
    probe : table of slices, with targets
    """
    return probe_scores(RockModel.load(files), read_table(probe))
