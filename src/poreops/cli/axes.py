"""Solve along the axes of an image; one that cannot be solved does not lose the others."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from poreops.base.content import Json
from poreops.cli.flow_results import of_interval
from poreops.errors import InputError, NotConvergedError

if TYPE_CHECKING:
    from poreops.networks.effective import NetworkDiffusion
    from poreops.networks.interface.effective import InterfaceDiffusion
    from poreops.solvers.diffusion.bulk import BulkDiffusion

Results = dict[str, Json]

DIFFUSION_KEYS = ("formation_factor", "tortuosity", "effective_diffusivity")
FLOW_KEYS = ("permeability_m2", "permeability_md")


def axis_names(axis: str, ndim: int) -> list[str]:
    """Return the names of the axes that were asked for.

    Parameters
    ----------
    axis : x, y, z, its number, or all
    ndim : axes of the image, 2 or 3
    """
    from poreops.base.arguments import AXES

    names = list(AXES[:ndim])
    axis = dict(zip("012", AXES, strict=True)).get(axis, axis)
    if axis != "all" and axis not in names:
        raise InputError(
            f"axis must be one of {', '.join(names)} or all for a {ndim}D image, got {axis!r}; "
            "correct --axis"
        )
    return names if axis == "all" else [axis]


def solve_axes(
    names: Sequence[str], solve: Callable[[str], Results], keys: Sequence[str]
) -> tuple[dict[str, Results], list[str]]:
    """Return the results of each axis, and warnings of those that could not be solved.

    Parameters
    ----------
    names : of the axes
    solve : name → results
    keys : that are NaN for an axis that cannot be solved, beside its "reason"

    Raises
    ------
    InputError, NotConvergedError
        No axis can be solved; the error of the first one.
    """
    found: dict[str, Results] = {}
    failed: list[Exception] = []
    for name in names:
        try:
            found[name] = solve(name)
        except (InputError, NotConvergedError) as error:
            failed.append(error)
            found[name] = dict.fromkeys(keys, float("nan")) | {"reason": str(error)}
    if len(failed) == len(names):
        raise failed[0]
    notes = [
        f"axis {name} was not solved: {results['reason']}"
        for name, results in found.items()
        if "reason" in results
    ]
    return found, notes


def diffusion_results(
    diffusion: "BulkDiffusion | NetworkDiffusion | InterfaceDiffusion",
) -> Results:
    """Return the numbers of diffusion along an axis.

    Parameters
    ----------
    diffusion : solved along the axis
    """
    return {
        "formation_factor": float(diffusion.formation_factor),
        "tortuosity": float(diffusion.tortuosity),
        "effective_diffusivity": float(diffusion.effective_diffusivity),
        "percolates": bool(diffusion.percolates),
        **of_interval("formation_factor_interval", getattr(diffusion, "interval", None)),
    }
