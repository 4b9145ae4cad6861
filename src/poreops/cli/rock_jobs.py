"""What the command of grey slices does: predict porosity and permeability by a model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.content import Json
from poreops.base.extras import needs
from poreops.cli.answer import Answer, Results
from poreops.cli.checking import voxel_size_results
from poreops.cli.drift_job import rock_inputs
from poreops.cli.models import load
from poreops.cli.progress import Clock
from poreops.cli.source import required_edge
from poreops.images.spacing import VoxelSize


@dataclass(frozen=True)
class Phase:
    """Which pixels are pore, and where to look.

    threshold : grey level. pores : dark or bright. labels : of a segmented image.
    mask : file of the field of view.
    """

    threshold: float | None = None
    pores: str | None = None
    labels: tuple[int, ...] | None = None
    mask: str | None = None

    def options(self) -> dict[str, Json]:
        """Return what `RockModel.predict` takes."""
        return {"pores": self.pores, "pore_label": self.labels, "mask": _mask(self.mask)}


def properties(
    image: str,
    voxel_size: VoxelSize | None,
    any_voxel_size: bool,
    model: str,
    phase: Phase,
) -> Answer:
    """Predict the properties of a rock from its grey slices.

    Parameters
    ----------
    image : file of the grey slices
    voxel_size : edge of a pixel [m]; None for what the file states
    any_voxel_size : also accept an edge that is out of the usual range
    model : URI of it
    phase : which pixels are pore
    """
    import poreops
    from poreops.base.units import MILLIDARCY
    from poreops.cli import result_files
    from poreops.properties.registry import load_rock_model
    from poreops.properties.rock_images import read_grey

    needs("properties", "a model of rock properties")
    clock = Clock()
    name = Path(image).name
    with clock.stage("read"):
        volume = read_grey(
            (Path(image),), name, voxel_size=voxel_size, any_voxel_size=any_voxel_size
        )
        grey, edge = volume.image, required_edge(volume.reading)
    with clock.stage("load"):
        loaded = load(load_rock_model, model)
        if phase.threshold is not None:
            loaded = loaded.with_threshold(phase.threshold)
    with clock.stage("predict"):
        found = loaded.predict(grey, edge, name, **phase.options())
    permeability = found.plug["permeability_m2"]
    areal, seen = found.segmented.porosity, found.segmented.reading
    results: Results = {
        "command": "properties",
        "version": poreops.__version__,
        "image": image,
        "shape": list(grey.shape),
        "voxel_size_m": edge,
        "reading": volume.reading.as_dict(),
        "check": {
            "pore": {
                "kind": seen.kind,
                "rule": seen.pores,
                "share": float(areal.mean()),
            },
            "field_of_view": {"share": seen.view, "left_out": seen.outside},
            "voxel_size": voxel_size_results(volume.reading),
            "warnings": [*volume.reading.warnings, *seen.warnings],
        },
        "model": model,
        "stack": loaded.name,
        "coverage": loaded.coverage,
        "walls": loaded.walls,
        "porosity": _interval(found.plug["porosity"]),
        "permeability_m2": _interval(permeability),
        "permeability_md": _interval([k / MILLIDARCY for k in permeability]),
        "outside": dict(found.outside),
        "inputs": rock_inputs(found.outside),
        "slices": {
            "areal_porosity": areal.tolist(),
            "porosity": found.porosity.tolist(),
            "permeability_m2": found.permeability.tolist(),
        },
        "seconds": clock.seconds,
    }

    def write(folder: Path) -> None:
        result_files.write_slices(folder, grey, found.segmented.labels, results["slices"], edge)

    return Answer(results, result_files.SLICE_FILES, write)


def _mask(path: str | None) -> NDArray[np.bool_] | None:
    """Return the field of view, (h, w) or (n, h, w)."""
    if path is None:
        return None
    from poreops.images.read import read_image

    return read_image(path)


def _interval(values: Sequence[float]) -> dict[str, float]:
    return dict(zip(("value", "low", "high"), map(float, values), strict=True))
