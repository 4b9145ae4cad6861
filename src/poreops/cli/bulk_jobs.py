"""What the commands of whole images do: check one, solve diffusion or flow in it."""

import warnings
from dataclasses import dataclass

from poreops.base.content import Json
from poreops.cli import flow_results
from poreops.cli.answer import Answer, Results
from poreops.cli.axes import (
    DIFFUSION_KEYS,
    FLOW_KEYS,
    axis_names,
    diffusion_results,
    solve_axes,
)
from poreops.cli.checking import check_block
from poreops.cli.progress import Clock
from poreops.cli.source import ImageSource, about, required_edge
from poreops.errors import InputError

# peak of the full-volume solver at 256³: 66 at porosity 0.95, 43 at 0.6, 15 at 0.2, measured
BULK_BYTES_PER_VOXEL = 75
# measured at 400³: the distance to the solid and the labels of clusters
CHECK_BYTES_PER_VOXEL = 12


@dataclass(frozen=True)
class Numerics:
    """How a solver is run; None is the library's default."""

    tolerance: float | None = None
    iterations: int | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        if self.tolerance is not None and not 0 < self.tolerance < 1:
            raise InputError(
                f"tolerance must lie between 0 and 1, got {self.tolerance}; correct --tolerance"
            )

    def options(self) -> dict[str, Json]:
        """Return what was given, as keyword arguments."""
        return {name: value for name, value in vars(self).items() if value is not None}


def check(source: ImageSource, octants: bool, workers: int | None) -> Answer:
    """Look at an image as one should before a number from it is believed.

    Parameters
    ----------
    source : of the segmented image
    octants : solve the eight octants too
    workers : threads; None for all cores
    """
    clock = Clock()
    source.fitting_header(CHECK_BYTES_PER_VOXEL, "checking")
    with clock.stage("read"):
        volume = source.read()
    with clock.stage("check"):
        block = check_block(
            volume.image, volume.reading, chosen=source.chosen, octants=octants, workers=workers
        )
    return Answer(about("check", source, volume, block) | {"seconds": clock.seconds})


def formation_factor(
    source: ImageSource,
    axis: str,
    diffusivity: dict[int, float] | None,
    ends: str,
    periodic: str | None,
    numerics: Numerics,
    octants: bool,
) -> Answer:
    """Solve diffusion in the whole image along one axis or all.

    Parameters
    ----------
    source : of the segmented image
    axis : as of `axis_names`
    diffusivity : label → relative to the free one; None where only the pores conduct
    ends, periodic : as the options `--ends` and `--periodic`
    numerics : of the solver
    octants : as of `check`
    """
    from poreops.base.arguments import checked_axis
    from poreops.solvers.diffusion.bulk import formation_factor as solve

    clock = Clock()
    header = source.fitting_header(BULK_BYTES_PER_VOXEL, "solving diffusion")
    axes = axis_names(axis, len(header.shape))
    sides = _sides(periodic, len(header.shape))
    with clock.stage("read"):
        if diffusivity is None:
            volume = source.read()
            image, local = volume.image, None
        else:
            volume, (image, local) = source.read_phases(diffusivity)
    with clock.stage("check"):
        block = check_block(
            volume.image, volume.reading, chosen=source.chosen or diffusivity is not None,
            octants=octants, workers=numerics.workers,
        )  # fmt: skip

    def along(name: str) -> Results:
        index = checked_axis(name, image.ndim)
        with clock.stage(f"solve {name}"):
            diffusion = solve(
                image, index, diffusivity=local, ends=ends,  # type: ignore[arg-type]
                periodic=sides if len(axes) == 1 else [side for side in sides if side != index],
                **numerics.options(),
            )  # fmt: skip
        return diffusion_results(diffusion) | {
            "floating_share": diffusion.floating_share,
            "residual": diffusion.residual,
            "iterations": diffusion.iterations,
        }

    found, notes = solve_axes(axes, along, DIFFUSION_KEYS)
    results = {
        **about("formation-factor", source, volume, block),
        "diffusivity": None
        if diffusivity is None
        else {str(label): value for label, value in diffusivity.items()},
        "ends": ends,
        "periodic": ["xyz"[side] for side in sides],
        "axes": found,
        "warnings": notes,
        "seconds": clock.seconds,
    }
    return Answer(results)


def permeability(
    source: ImageSource,
    axis: str,
    boundary: str,
    walls: str,
    refine: int,
    numerics: Numerics,
    octants: bool,
) -> Answer:
    """Solve Stokes flow through the whole image along one axis or all.

    Parameters
    ----------
    source : of the segmented image
    axis : as of `axis_names`
    boundary, walls : as the options `--boundary` and `--walls`
    refine : parts that each voxel's edge is split into
    numerics : of the solver
    octants : as of `check`
    """
    from poreops.base.arguments import checked_axis
    from poreops.base.conventions import checked_walls
    from poreops.solvers.stokes import permeability as stokes
    from poreops.solvers.stokes.refinement import checked_refine

    clock = Clock()
    boundaries = {
        "reflected": stokes.REFLECTED, "sealed": stokes.SEALED, "periodic": stokes.PERIODIC,
    }  # fmt: skip
    if boundary not in boundaries:
        raise InputError(
            f"boundary must be one of {', '.join(boundaries)}, got {boundary!r}; correct "
            "--boundary"
        )
    convention = checked_walls(walls)
    checked_refine(refine, convention)
    header = source.fitting_header(stokes.BYTES_PER_VOXEL, "solving Stokes flow", sized=True)
    axes = axis_names(axis, len(header.shape))
    with clock.stage("read"):
        volume = source.read()
    voxel_size = required_edge(volume.reading)
    with clock.stage("check"):
        block = check_block(
            volume.image, volume.reading, chosen=source.chosen, octants=octants,
            workers=numerics.workers,
        )  # fmt: skip

    def along(name: str) -> Results:
        index = checked_axis(name, volume.image.ndim)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", stokes.UnderResolvedWarning)
            with clock.stage(f"solve {name}"):
                flow = stokes.permeability(
                    volume.image, index, voxel_size=voxel_size, boundary=boundaries[boundary],
                    walls=convention, refine=refine,
                    **numerics.options(),
                )  # fmt: skip
        return flow_results.of_image(flow, refine) | {
            "warnings": [str(warning.message) for warning in caught]
        }

    found, notes = solve_axes(axes, along, FLOW_KEYS)
    results = {
        **about("permeability", source, volume, block),
        "boundary": boundary,
        "walls": walls,
        "refine": refine,
        "axes": found,
        "warnings": notes,
        "seconds": clock.seconds,
    }
    return Answer(results)


def _sides(periodic: str | None, ndim: int) -> list[int]:
    from poreops.base.arguments import checked_axis

    if periodic is None:
        return []
    names = [name.strip() for name in periodic.split(",")]
    return sorted({checked_axis(int(n) if n.isdecimal() else n, ndim) for n in names})
