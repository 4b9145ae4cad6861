"""The two size factors of a conduit, of diffusion and of flow, and how they grow with its size."""

from typing import Literal

Target = Literal["diffusive", "hydraulic"]


def targets_of(transport: str) -> list[Target]:
    """Return which size factors a network needs, those of diffusion first.

    Parameters
    ----------
    transport : "diffusion", "flow" or "both"
    """
    targets: list[Target] = ["diffusive"] * (transport != "flow")
    return targets + ["hydraulic"] * (transport != "diffusion")


def voxel_power(target: Target) -> int:
    """Return the power of a length that a size factor is: 1 of diffusion [m], 3 of flow [m³].

    Parameters
    ----------
    target : "diffusive" or "hydraulic"
    """
    return 1 if target == "diffusive" else 3


def zoom_power(target: Target, ndim: int) -> int:
    """Return p: a conduit zoomed by z has z^p times the size factor, each in its own voxels.

    Area over length for diffusion, its square over length for flow. A 2D conduit is a layer one
    voxel deep, and its depth is not zoomed.

    Parameters
    ----------
    target : "diffusive" or "hydraulic"
    ndim : of the conduit, 2 or 3

    Examples
    --------
    >>> [zoom_power(target, ndim) for target in ("diffusive", "hydraulic") for ndim in (2, 3)]
    [0, 1, 2, 3]
    """
    return ndim - 2 if target == "diffusive" else ndim
