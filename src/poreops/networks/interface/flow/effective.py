"""What an interface network says of flow along one axis."""

from dataclasses import dataclass

from poreops.base.show.result import Result
from poreops.base.units import MILLIDARCY


@dataclass(frozen=True, repr=False)
class InterfaceFlow(Result, kind="interface flow"):
    """Permeability along one axis with bounds on that of the image's voxels.

    Attributes
    ----------
    axis : "x", "y" or "z"
    permeability : geometric middle of the bounds [m²]; 0 if no pores join the two faces
    lower, upper : bounds on the permeability [m²] that `poreops.permeability` converges to
    voxel_size : [m]
    porosity : of the image, closed pores included
    """

    axis: str
    permeability: float
    lower: float
    upper: float
    voxel_size: float
    porosity: float

    @property
    def percolates(self) -> bool:
        """Whether pores join the two faces."""
        return self.permeability > 0

    @property
    def permeability_md(self) -> float:
        """Permeability in millidarcy, for a voxel size in metres."""
        return self.permeability / MILLIDARCY

    @property
    def width(self) -> float:
        """Width of the bracket relative to its middle; 0 if nothing percolates."""
        return (self.upper - self.lower) / self.permeability if self.percolates else 0.0
