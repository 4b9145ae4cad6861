"""What a pore network carries along one axis."""

import math
from dataclasses import dataclass

from poreops.base.show.result import Result
from poreops.base.units import MILLIDARCY


@dataclass(frozen=True, repr=False)
class NetworkDiffusion(Result, kind="network diffusion"):
    """Diffusion through a pore network along one axis, relative to the free diffusivity.

    Attributes
    ----------
    axis : "x", "y" or "z"
    formation_factor : F = D₀/D_eff; infinite if no pores join the two faces
    tortuosity : τ = φF
    effective_diffusivity : D_eff/D₀
    porosity : φ of the image, closed pores included
    interval : of the formation factor, with every conduit at one end of its own; None without any
    """

    axis: str
    formation_factor: float
    tortuosity: float
    effective_diffusivity: float
    porosity: float
    interval: tuple[float, float] | None = None

    @property
    def percolates(self) -> bool:
        """Whether pores join the two faces."""
        return math.isfinite(self.formation_factor)


@dataclass(frozen=True, repr=False)
class NetworkFlow(Result, kind="network flow"):
    """Creeping flow through a pore network along one axis.

    Attributes
    ----------
    axis : "x", "y" or "z"
    permeability : float [m²]
        k = u µ L / Δp with u the superficial velocity; 0 if no pores join the two faces.
    interval : (float, float) [m²]
        With every conduit at one end of its own interval; None without any.
    """

    axis: str
    permeability: float
    interval: tuple[float, float] | None = None

    @property
    def permeability_md(self) -> float:
        """Permeability in millidarcy."""
        return self.permeability / MILLIDARCY

    @property
    def percolates(self) -> bool:
        """Whether pores join the two faces."""
        return self.permeability > 0
