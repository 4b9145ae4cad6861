"""Enter a fine-tuned model into the registry: a challenger that knows its parent and its rock."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.base.files import read_json, sha256
from poreops.base.hdf5 import write_hdf5
from poreops.conductance.comparing import Score
from poreops.conductance.finetuning import FineTuned
from poreops.conductance.judging.members import probe_scores
from poreops.conductance.model import DESCRIPTION
from poreops.conductance.registering import DOES, packaged
from poreops.conductance.registry import MODELS
from poreops.conduits.crop import zoomed_conduit
from poreops.conduits.quantity import zoom_power
from poreops.mlops.registry import Candidate, Registered, enter

PROBE = 16
"""Most conduits that are kept with the version."""

_COMPARED = ("mape", "off_by_10pct", "covered", "interval_score")


class Origin(NamedTuple):
    """What a fine-tuned model comes from.

    Attributes
    ----------
    parent : URI of the model that it was, with its version where it has one
    parent_files : SHA-256 of that model's files
    rock : name of the image
    rock_sha256 : of its pores
    """

    parent: str
    parent_files: str
    rock: str
    rock_sha256: str

    @property
    def tags(self) -> dict[str, str]:
        """Tags of a version."""
        return {f"finetuned.{name}": value for name, value in self._asdict().items()}


def entered(
    found: FineTuned, crops: list[NDArray[np.uint8]], truth: NDArray[np.float64], origin: Origin
) -> Registered:
    """Register a fine-tuned model as challenger; a person makes it champion.

    Parameters
    ----------
    found : whose model is registered
    crops : some conduits that it was judged on, uint8 of 0, 1 and 2, each in one piece; the first
        `PROBE` are kept with the version
    truth : their size factors in voxels
    origin : of the model
    """
    model = found.model
    with TemporaryDirectory() as name:
        files, probe = Path(name) / "model", Path(name) / "probe.h5"
        model.save(files)
        rois, ratios = zip(*(zoomed_conduit(crop) for crop in crops[:PROBE]), strict=True)
        scale = np.array(ratios) ** zoom_power(model.target, model.ndim)
        content: dict[str, Array] = {
            "roi": np.stack(rois), "size_factor": truth[: len(rois)] * scale,
        }  # fmt: skip
        stated: dict[str, Json] = {**model.label.model_dump(), "ndim": model.ndim}
        write_hdf5(probe, content, stated)
        candidate = Candidate(
            name=MODELS[model.target],
            files=files,
            probe=probe,
            judged=sha256(files),
            judged_on=sha256(probe),
            scores=_scores(found.last.score),
            main="mape",
            probed=probe_scores(files, probe),
            valid=False,  # nothing validated a rock of one's own
            nulls={
                "its parent": _scores(found.parent),
                "random labels": _scores(
                    [point for point in found.curve if point.pick == "random"][-1].score
                ),
            },
            params=read_json(files / DESCRIPTION),
            walls=model.walls,
            tags=origin.tags,
            does=DOES[model.target] + f" Fine-tuned to {origin.rock} from {origin.parent}.",
            limits=f"It was judged on {found.judged} conduits of {origin.rock} alone, and knows "
            "other rock no better than its parent.",
        )
        refused = (
            f"it was fine-tuned to one rock, {origin.rock}: a person decides, with poreops models "
            "promote --force"
        )
        return enter(
            candidate, packaged(candidate, Path(name) / "package"), "conductance_finetune",
            "conductance.gate", probe_scores, lambda _: [refused],
        )  # fmt: skip


def _scores(score: Score) -> dict[str, float]:
    return {name: getattr(score, name) for name in _COMPARED}
