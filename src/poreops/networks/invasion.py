"""Which pores a fluid that does not wet reaches at which pressure, by OpenPNM's drainage."""

from contextlib import redirect_stderr
from io import StringIO

import numpy as np
from numpy.typing import NDArray

from poreops.networks.network import PoreNetwork

FloatArray = NDArray[np.float64]


def entry_pressures(
    network: PoreNetwork, surface_tension: float, contact_angle: float
) -> FloatArray:
    """Return the pressure at which a fluid enters each throat, 4 σ cos θ / d (Washburn), [Pa].

    Parameters
    ----------
    network : whose throats have inscribed diameters d
    surface_tension : σ [N/m]
    contact_angle : θ of the fluid that wets [°], below 90
    """
    diameters = np.asarray(network.openpnm["throat.inscribed_diameter"], dtype=np.float64)
    found: FloatArray = 4 * surface_tension * np.cos(np.radians(contact_angle)) / diameters
    return found


def invasion_pressures(
    network: PoreNetwork, inlet: str, entry: FloatArray, *, trapping: bool = False
) -> FloatArray:
    """Return the pressure at which each pore is invaded; infinite for never.

    Parameters
    ----------
    network : of an image
    inlet : face that the fluid comes from, as "xmin"
    entry : (Nt,) float64 [Pa], of each throat of `network.openpnm`
    trapping : pores without a way to the opposite face through others keep what they hold

    Returns
    -------
    (Np,) float64 [Pa], of the pores of `network.openpnm`
    """
    import openpnm

    whole = network.openpnm
    outlet = inlet[0] + ("max" if inlet.endswith("min") else "min")
    part = openpnm.network.Network(coords=whole["pore.coords"], conns=whole["throat.conns"])
    try:
        phase = openpnm.phase.Phase(network=part)
        phase["throat.entry_pressure"] = entry
        drainage = openpnm.algorithms.Drainage(network=part, phase=phase)
        drainage.set_inlet_BC(pores=np.flatnonzero(whole[f"pore.{inlet}"]))
        if trapping:
            drainage.set_outlet_BC(pores=np.flatnonzero(whole[f"pore.{outlet}"]))
        with redirect_stderr(StringIO()):  # a bar of its own
            drainage.run(np.unique(entry))
        return np.array(drainage["pore.invasion_pressure"], dtype=np.float64)
    finally:
        openpnm.Workspace().close_project(part.project)
