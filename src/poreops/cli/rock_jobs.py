"""What the command of grey slices does: predict porosity and permeability by a model."""

from collections.abc import Sequence
from pathlib import Path

from poreops.cli.answer import Answer, Results
from poreops.cli.checking import voxel_size_results
from poreops.cli.models import load
from poreops.cli.progress import Clock
from poreops.cli.source import required_edge
from poreops.volumes.spacing import VoxelSize


def properties(
    image: str,
    voxel_size: VoxelSize | None,
    any_voxel_size: bool,
    model: str,
    threshold: float | None,
) -> Answer:
    """Predict the properties of a rock from its grey slices."""
    import poreops
    from poreops import report
    from poreops.rocks.properties import load_rock_model
    from poreops.slices.rock_images import read_grey
    from poreops.slices.rock_table import MILLIDARCY

    clock = Clock()
    name = Path(image).name
    with clock.stage("read"):
        volume = read_grey(
            (Path(image),), name, voxel_size=voxel_size, any_voxel_size=any_voxel_size
        )
        grey, edge = volume.image, required_edge(volume.reading)
    with clock.stage("load"):
        loaded = load(load_rock_model, model)
        if threshold is not None:
            loaded = loaded.with_threshold(threshold)
    with clock.stage("predict"):
        found = loaded.predict(grey, edge, name)
    permeability = found.plug["permeability_m2"]
    areal = (found.segmented.labels > 0).mean(axis=(1, 2))
    results: Results = {
        "command": "properties",
        "version": poreops.__version__,
        "image": image,
        "shape": list(grey.shape),
        "voxel_size_m": edge,
        "reading": volume.reading.as_dict(),
        "check": {
            "pore": {
                "rule": f"darker than {float(found.segmented.threshold.mean()):.4g}",
                "share": float(areal.mean()),
            },
            "voxel_size": voxel_size_results(volume.reading),
            "warnings": list(volume.reading.warnings),
        },
        "model": model,
        "stack": loaded.name,
        "coverage": loaded.coverage,
        "porosity": _interval(found.plug["porosity"]),
        "permeability_m2": _interval(permeability),
        "permeability_md": _interval([k / MILLIDARCY for k in permeability]),
        "outside": dict(found.outside),
        "slices": {
            "areal_porosity": areal.tolist(),
            "porosity": found.porosity.tolist(),
            "permeability_m2": found.permeability.tolist(),
        },
        "seconds": clock.seconds,
    }

    def write(folder: Path) -> None:
        report.write_slices(folder, grey, found.segmented.labels, results["slices"])

    return Answer(results, report.SLICE_FILES, write)


def _interval(values: Sequence[float]) -> dict[str, float]:
    return dict(zip(("value", "low", "high"), map(float, values), strict=True))
