"""What an interface network says of diffusion along one axis."""

import math
from dataclasses import dataclass

from poreops.base.show.result import Result


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
