"""What an interface network says of diffusion along one axis."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from poreops.base.arguments import AXES
from poreops.base.show.result import Result

if TYPE_CHECKING:
    from poreops.networks.interface.bounds import Bounds


@dataclass(frozen=True, repr=False)
class InterfaceDiffusion(Result, kind="interface diffusion"):
    """Formation factor along one axis with bounds on that of the image's voxels.

    Attributes
    ----------
    axis : "x", "y" or "z"
    formation_factor : geometric middle of the bounds; infinite if no pores join the two faces
    lower, upper : bounds on the formation factor that `poreops.formation_factor` converges to
    tortuosity : τ = φF
    effective_diffusivity : D_eff/D₀
    porosity : φ of the image, closed pores included
    """

    axis: str
    formation_factor: float
    lower: float
    upper: float
    tortuosity: float
    effective_diffusivity: float
    porosity: float

    @property
    def percolates(self) -> bool:
        """Whether pores join the two faces."""
        return math.isfinite(self.formation_factor)

    @property
    def width(self) -> float:
        """Width of the bracket relative to its middle; 0 if nothing percolates."""
        return (self.upper - self.lower) / self.formation_factor if self.percolates else 0.0


def diffusion_along(
    axis: int, found: "Bounds | None", shape: tuple[int, ...], porosity: float
) -> InterfaceDiffusion:
    """Return what bounds on the conductance from face to face say of the image.

    Parameters
    ----------
    axis : 0, 1 or 2
    found : of the conductance; None if nothing flows
    shape : of the image
    porosity : of what conducts
    """
    if found is None:
        return InterfaceDiffusion(
            AXES[axis], math.inf, math.inf, math.inf, math.inf, 0.0, porosity
        )
    # F = A / (G L)
    unit = math.prod(shape) / shape[axis] ** 2
    middle = unit / found.middle
    return InterfaceDiffusion(
        AXES[axis], middle, unit / found.upper, unit / found.lower, porosity * middle, 1 / middle,
        porosity,
    )  # fmt: skip
