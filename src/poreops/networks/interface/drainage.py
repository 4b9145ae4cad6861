"""Drain an interface network: how well what the invading fluid leaves conducts, in brackets."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import AXES, checked_axis, checked_count, checked_number
from poreops.base.arrays import Array
from poreops.base.show.result import Result
from poreops.errors import InputError
from poreops.networks.arrays import face_name
from poreops.networks.interface.effective import InterfaceDiffusion
from poreops.networks.interface.resolve import joined_without
from poreops.networks.invasion import entry_pressures, invasion_pressures
from poreops.networks.network import PoreNetwork, network_of_regions

if TYPE_CHECKING:
    from poreops.networks.interface.reuse import Reusable

SURFACE_TENSION = 0.072  # of water and air [N/m]
POINTS = 9

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Drainage(Result, kind="drainage"):
    """States of a drainage, from the full network on, and what still diffuses in each.

    Attributes
    ----------
    inlet : face that the invading fluid comes from, as "xmin"
    pressure : (n,) float64 [Pa]
        Capillary pressure of each state, 0 of the first.
    saturation : (n,) float64
        Share of the pore voxels that the other fluid, which conducts, still fills.
    along : tuple of n tuples of InterfaceDiffusion, one for each axis
    invasion_pressure : (N,) float64 [Pa]
        Of each region, infinite for never.
    classical : PoreNetwork
        The network that was drained.
    """

    inlet: str
    pressure: FloatArray
    saturation: FloatArray
    along: tuple[tuple[InterfaceDiffusion, ...], ...]
    invasion_pressure: FloatArray
    classical: PoreNetwork

    def effective(self, axis: str | int) -> FloatArray:
        """Return D_eff/D₀ of each state along an axis: (n, 3) lower bound, middle, upper bound.

        Parameters
        ----------
        axis : "x", "y", "z" or 0, 1, 2
        """
        states = [state[checked_axis(axis, len(state))] for state in self.along]
        factors = [(one.upper, one.formation_factor, one.lower) for one in states]
        found: FloatArray = 1 / np.array(factors, dtype=np.float64)
        return found

    def relative(self, axis: str | int) -> FloatArray:
        """Return D_eff of each state over that of the full network: (n, 3) bound, middle, bound.

        Parameters
        ----------
        axis : as for `effective`

        Returns
        -------
        (n, 3) float64
            Bounds on the ratio of the voxels' own, at most 1: what is taken out never helps. NaN
            if nothing flows through the full network.
        """
        effective = self.effective(axis)
        with np.errstate(divide="ignore", invalid="ignore"):
            found: FloatArray = effective / effective[0, ::-1]
        found[0] /= found[0]  # the full network over itself
        return np.minimum(found, 1.0)


def drainage(
    network: "Reusable",
    *,
    inlet: str = "xmin",
    points: int = POINTS,
    surface_tension: float = SURFACE_TENSION,
    contact_angle: float = 0.0,
    trapping: bool = False,
) -> Drainage:
    """Invade a network from a face and solve what is left; see `InterfaceNetwork.drainage`.

    Parameters
    ----------
    network : whose local solves are used again
    inlet, points, surface_tension, contact_angle, trapping : as for the method
    """
    regions = network.regions
    ndim = regions.labels.ndim
    tension, angle = checked_fluids(inlet, surface_tension, contact_angle, ndim)
    points = checked_count(points, "points", least=2)
    classical = network_of_regions(regions, network.voxel_size, "geometry")
    entry = entry_pressures(classical, tension, angle)
    reached = invasion_pressures(classical, inlet, entry, trapping=trapping)
    pores = classical.openpnm
    inside = np.asarray(pores["pore.internal"], dtype=bool)
    pressure = np.full(regions.count, np.inf)
    pressure[np.asarray(pores["pore.region_label"])[inside] - 1] = reached[inside]
    volume = np.bincount(regions.labels.ravel(), minlength=regions.count + 1)[1:]
    states = _states(network, pressure, volume, points)
    return Drainage(
        inlet,
        states,
        _saturation(pressure, volume, states),
        tuple(network.along if p == 0 else network.without(pressure <= p) for p in states),
        pressure,
        classical,
    )


def checked_fluids(
    inlet: str, surface_tension: float, contact_angle: float, ndim: int
) -> tuple[float, float]:
    """Return surface tension and contact angle, or raise InputError.

    Parameters
    ----------
    inlet : face of the image
    surface_tension : [N/m]
    contact_angle : of the fluid that wets [°]
    ndim : of the image
    """
    faces = [face_name(number) for number in range(2 * ndim)]
    if inlet not in faces:
        raise InputError(f"an inlet must be one of {', '.join(faces)}, got {inlet!r}; correct it")
    tension = checked_number(surface_tension, "surface_tension", "0.072 is of water and air")
    angle = checked_number(contact_angle, "contact_angle", "0 is a fluid that wets fully")
    if not tension > 0 or not 0 <= angle < 90:
        raise InputError(
            "the surface tension must be > 0 and the contact angle in 0 to 90 degrees, got "
            f"{tension:g} N/m and {angle:g}; the angle is that of the fluid that wets"
        )
    return tension, angle


def drainage_columns(found: Drainage) -> dict[str, FloatArray]:
    """Return the columns of a table with a row for each state.

    Parameters
    ----------
    found : of `drainage`
    """
    columns = {"pressure_pa": found.pressure, "saturation": found.saturation}
    for name in AXES[: len(found.along[0])]:
        for quantity, values in (
            ("effective_diffusivity", found.effective(name)),
            ("relative_diffusivity", found.relative(name)),
        ):
            for part, column in zip(("_lower", "", "_upper"), values.T, strict=True):
                columns[f"{quantity}_{name}{part}"] = column
    return columns


def classical_with_intervals(
    classical: PoreNetwork, conns: NDArray[np.integer], intervals: NDArray[np.float64]
) -> dict[str, Array]:
    """Return the arrays of a classical network whose conduits carry the intervals of their pores.

    Parameters
    ----------
    classical : of the same regions
    conns : (Nt, 2) int, 0-based regions, in lexicographic order
    intervals : (Nt, 2) float64 [m], of `InterfaceNetwork.pair_size_factors`

    Returns
    -------
    dict of name to array
        With `throat.pair_size_factor_lower` and `_upper`, NaN for the throats of boundary pores.
    """
    network = classical.openpnm
    arrays = {key: np.asarray(network[key]) for key in sorted(network)}
    region = arrays["pore.region_label"].astype(np.int64) - 1
    ends = np.sort(region[arrays["throat.conns"]], axis=1)
    count = classical.regions.count
    asked, known = (each[:, 0] * count + each[:, 1] for each in (ends, conns.astype(np.int64)))
    at = np.minimum(np.searchsorted(known, asked), max(len(known) - 1, 0))
    inner = ~arrays["throat.boundary"].astype(bool) & (known[at] == asked)
    for column, name in enumerate(("lower", "upper")):
        arrays[f"throat.pair_size_factor_{name}"] = np.where(inner, intervals[at, column], np.nan)
    return arrays


def _saturation(pressure: FloatArray, volume: NDArray[np.int64], states: FloatArray) -> FloatArray:
    found: FloatArray = 1 - np.array([volume[pressure <= p].sum() for p in states]) / volume.sum()
    return found


def _states(
    network: "Reusable", pressure: FloatArray, volume: NDArray[np.int64], points: int
) -> FloatArray:
    """Return pressures: of states that conduct, evenly in saturation, and of the first after."""
    steps = np.append(0.0, np.unique(pressure[np.isfinite(pressure)]))
    none = np.zeros(len(network.regions.conns), dtype=bool)
    low, high = 0, len(steps)  # the last that is known to conduct, the first that does not
    while high - low > 1:
        middle = (low + high) // 2
        _, members = joined_without(network.joints, pressure <= steps[middle], none)
        low, high = (middle, high) if members else (low, middle)
    saturation = _saturation(pressure, volume, steps[: low + 1])
    wanted = np.linspace(1, saturation[-1], points)
    taken = {int(np.abs(saturation - each).argmin()) for each in wanted} | {0, low}
    if high < len(steps):
        taken.add(high)
    return steps[sorted(taken)]
