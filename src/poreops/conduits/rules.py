"""Size factors from diameters and lengths: the rules that the model must beat.

Both take what PoreSpy measures. As its users do before they hand a network to OpenPNM, the pore
diameter is the equivalent diameter, the throat diameter the inscribed diameter, and the spacing
the length from centroid to centroid by the throat's centre.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def pipes_in_series(
    pore_diameters: FloatArray, throat_diameter: FloatArray, spacing: FloatArray
) -> FloatArray:
    """Size factor of pore, throat and pore as three round pipes, each pore as long as its radius.

    1/S = Σ l/(π d²/4) with l = d/2 in the pores and the rest of the spacing in the throat, none
    where the pores overlap.

    Parameters
    ----------
    pore_diameters : (Nt, 2) float, both pores of each throat
    throat_diameter : (Nt,) float
    spacing : (Nt,) float, distance of the pore centres, in the unit of the diameters

    Returns
    -------
    (Nt,) float64, in the unit of length of the arguments

    Notes
    -----
    Equation 5 of Misaghian et al. (2022), printed there with d⁴, which would be flow.

    Examples
    --------
    A straight pipe, S = A/L:

    >>> pipes_in_series(np.array([[2.0, 2.0]]), np.array([2.0]), np.array([10.0])) * 10 / np.pi
    array([1.])
    """
    radii = pore_diameters / 2
    throat_length = np.maximum(spacing - radii.sum(axis=1), 0)
    resistance = (radii / _disc(pore_diameters)).sum(axis=1)
    return np.asarray(1 / (resistance + throat_length / _disc(throat_diameter)))


def cones_and_cylinder(
    pore_diameters: FloatArray, throat_diameter: FloatArray, spacing: FloatArray
) -> FloatArray:
    """Size factor of frustum, cylinder and frustum in series.

    S = π d dₜ/(4 l) of a pore and π dₜ²/(4 lₜ) of the throat. A pore reaches as far as its radius,
    or to the plane where the two spheres meet if they overlap.

    Parameters
    ----------
    pore_diameters, throat_diameter, spacing : as for `pipes_in_series`

    Returns
    -------
    (Nt,) float64, in the unit of length of the arguments

    Notes
    -----
    Equation 7 of Misaghian et al. (2022); OpenPNM's `cones_and_cylinders`. Where one sphere holds
    the centre of the plane's other side, OpenPNM gives that pore a negative length (OpenPNM
    issue 2363); here it gets none and the other pore the whole spacing.
    """
    lengths, throat_length = _cone_lengths(pore_diameters, spacing)
    cones = 4 * lengths / (np.pi * pore_diameters * throat_diameter[:, np.newaxis])
    return np.asarray(1 / (cones.sum(axis=1) + throat_length / _disc(throat_diameter)))


def pipes_in_series_flow(
    pore_diameters: FloatArray, throat_diameter: FloatArray, spacing: FloatArray
) -> FloatArray:
    """Hydraulic size factor of the three round pipes of `pipes_in_series`.

    Poiseuille's π d⁴/(128 l) in place of π d²/(4 l); the result is a length to the third power.

    Parameters
    ----------
    pore_diameters : (Nt, 2)
    throat_diameter : (Nt,)
    spacing : (Nt,) from centre to centre

    Examples
    --------
    >>> pipes_in_series_flow(
    ...     np.array([[2.0, 2.0]]), np.array([2.0]), np.array([10.0])
    ... ) * 80 / np.pi
    array([1.])
    """
    radii = pore_diameters / 2
    throat_length = np.maximum(spacing - radii.sum(axis=1), 0)
    resistance = (radii / _poiseuille(pore_diameters)).sum(axis=1)
    return np.asarray(1 / (resistance + throat_length / _poiseuille(throat_diameter)))


def cones_and_cylinder_flow(
    pore_diameters: FloatArray, throat_diameter: FloatArray, spacing: FloatArray
) -> FloatArray:
    """Hydraulic size factor of the frustum, cylinder and frustum of `cones_and_cylinder`.

    A frustum is Poiseuille flow integrated along it: l (d² + d dₜ + dₜ²) 128/(3 π d³ dₜ³).

    Parameters
    ----------
    pore_diameters : (Nt, 2)
    throat_diameter : (Nt,)
    spacing : (Nt,) from centre to centre
    """
    lengths, throat_length = _cone_lengths(pore_diameters, spacing)
    throat = throat_diameter[:, np.newaxis]
    squares = pore_diameters**2 + pore_diameters * throat + throat**2
    cones = 128 * lengths * squares / (3 * np.pi * (pore_diameters * throat) ** 3)
    return np.asarray(1 / (cones.sum(axis=1) + throat_length / _poiseuille(throat_diameter)))


def _cone_lengths(
    pore_diameters: FloatArray, spacing: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Lengths (Nt, 2) of both pores and (Nt,) of the throat between them."""
    first, second = pore_diameters.T
    lengths = pore_diameters / 2
    overlap = lengths.sum(axis=1) > spacing
    plane = (4 * spacing**2 + first**2 - second**2) / (8 * spacing)
    plane = np.clip(plane, 0, spacing)
    lengths[overlap] = np.column_stack([plane, spacing - plane])[overlap]
    return lengths, np.maximum(spacing - lengths.sum(axis=1), 0)


def _disc(diameter: FloatArray) -> FloatArray:
    return np.pi / 4 * diameter**2


def _poiseuille(diameter: FloatArray) -> FloatArray:
    return np.pi / 128 * diameter**4
