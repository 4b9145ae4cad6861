"""What the command of rock properties does with a volume: one diffusion solve along each axis."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.extras import needs
from poreops.cli.answer import Answer, Results
from poreops.cli.axes import axis_names, solve_axes
from poreops.cli.progress import Clock
from poreops.cli.source import ImageSource, required_edge
from poreops.errors import InputError
from poreops.images.reading import Reading

# the diffusion solver's peak at a porosity of 0.6, and the normals of the walls
BYTES_PER_VOXEL = 75
KEYS = ("permeability_m2", "permeability_md", "formation_factor", "johnson_length_m")


def volume_properties(
    source: ImageSource,
    axis: str,
    threshold: float | None,
    plugs: Path | None,
    workers: int | None,
) -> Answer:
    """Predict porosity and permeability of a volume by the law of Johnson's length.

    Parameters
    ----------
    source : of the segmented or grey volume
    axis : as of `axis_names`
    threshold : grey level below which is pore; None for a segmented volume
    plugs : table of own plugs whose rocks the law is fitted on too; None for none
    workers : threads; None for all cores
    """
    import poreops
    from poreops.base.units import MILLIDARCY
    from poreops.properties.volumes.prediction import law_of
    from poreops.properties.volumes.prediction import volume_properties as predict

    needs("properties", "the properties of a volume")
    clock = Clock()
    law = law_of(plugs)
    header = source.fitting_header(BYTES_PER_VOXEL, "solving diffusion", sized=True)
    if len(header.shape) != 3:
        raise InputError(
            f"a volume must be 3D, got {len(header.shape)}D of shape {header.shape}; drop --volume"
        )
    names = axis_names(axis, 3)
    with clock.stage("read"):
        image, reading, porosity = _read(source, threshold)
    edge = required_edge(reading)
    porosities = {} if porosity is None else {"threshold": porosity}

    def along(name: str) -> Results:
        with clock.stage(f"solve {name}"):
            found = predict(image, name, voxel_size=edge, law=law, workers=workers)
        porosities.setdefault("walls", found.porosity)
        return {
            "permeability_m2": _interval(found.permeability),
            "permeability_md": _interval([k / MILLIDARCY for k in found.permeability]),
            "formation_factor": found.formation_factor,
            "johnson_length_m": found.johnson_length,
            "percolates": found.permeability[0] > 0,
            "coverage": found.coverage,
            "outside": dict(found.outside),
        }

    found, notes = solve_axes(names, along, KEYS)
    return Answer(
        {
            "command": "properties",
            "version": poreops.__version__,
            "image": source.path,
            "shape": list(image.shape),
            "voxel_size_m": edge,
            "reading": reading.as_dict(),
            "walls": "stepped",
            "porosity": _interval(next(iter(porosities.values()))),
            "axes": found,
            "warnings": [*reading.warnings, *notes],
            "seconds": clock.seconds,
        }
    )


def _read(
    source: ImageSource, threshold: float | None
) -> tuple[NDArray[np.bool_], Reading, tuple[float, float, float] | None]:
    """Return the pores, how the file was read, and the porosity where a threshold says it."""
    if threshold is None:
        volume = source.read()
        return volume.image, volume.reading, None
    from poreops.images.grey_stack import read_stack
    from poreops.properties.volumes.counting import thresholded

    if source.chosen:
        raise InputError(
            "the pores are those below --threshold, got --pore-label as well; drop one of the two"
        )
    grey = read_stack(
        Path(source.path), voxel_size=source.voxel_size, any_voxel_size=source.any_voxel_size
    )
    pore, porosity = thresholded(grey.image, threshold)
    return pore, grey.reading, porosity


def volume_text(results: Results) -> str:
    """Return the results for a terminal.

    Parameters
    ----------
    results : of `volume_properties`
    """
    size = " x ".join(map(str, results["shape"]))
    low, value, high = (results["porosity"][key] for key in ("low", "value", "high"))
    axes: Results = results["axes"]
    coverage = next((of["coverage"] for of in axes.values() if "coverage" in of), 0.9)
    lines = [
        f"image     {results['image']}",
        f"          {size} voxels of {results['voxel_size_m']:g} m",
        f"porosity  {value:.4f}   {low:.4f} … {high:.4f} by the segmentation",
        "",
        "   ".join(["axis", "permeability [mD]", f"{f'{100 * coverage:g} % interval':>23}",
                    "formation factor", "Johnson's length [m]"]),
    ]  # fmt: skip
    for name, of in axes.items():
        if "reason" in of:
            lines.append(f"{name:<4}   not solved")
            continue
        k = of["permeability_md"]
        if not of["percolates"]:
            lines.append(f"{name:<4}   {k['value']:>17.5g}   does not percolate")
            continue
        span = f"{k['low']:>10.4g} … {k['high']:>10.4g}"
        lines.append(
            f"{name:<4}   {k['value']:>17.5g}   {span}   {of['formation_factor']:>16.4f}   "
            f"{of['johnson_length_m']:>20.4g}"
        )
        lines += [
            f"{name}: warning: the {what.replace('_', ' ')} is beyond the rocks of the law by a "
            f"factor of {by:.3g}; the interval is wider"
            for what, by in of["outside"].items()
        ]
    return "\n".join([*lines, *(f"warning: {text}" for text in results["warnings"])])


def _interval(values: Sequence[float]) -> dict[str, float]:
    return dict(zip(("value", "low", "high"), map(float, values), strict=True))
