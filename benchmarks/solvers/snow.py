"""Formation factor by PoreSpy's extraction and OpenPNM's shapes, as OpenPNM's examples do it."""

import math
from collections.abc import Sequence

from cubes import Image

PADDING = 3  # voxels that snow2 adds to each face by default


def by_pyramids_and_cuboids(cube: Image, axes: Sequence[int]) -> list[float]:
    """Solve snow2's network with pyramids for pores and cuboids for throats."""
    import openpnm
    import porespy

    porespy.settings.tqdm["disable"] = True
    snow = porespy.networks.snow2(cube.astype(int), boundary_width=PADDING, parallel_kw=None)
    network = openpnm.io.network_from_porespy(snow.network)
    network["pore.diameter"] = network["pore.equivalent_diameter"]
    network["throat.diameter"] = network["throat.inscribed_diameter"]
    network["throat.spacing"] = network["throat.total_length"]
    shapes = openpnm.models.geometry.diffusive_size_factors.pyramids_and_cuboids
    network.add_model(propname="throat.diffusive_size_factors", model=shapes)
    health = openpnm.utils.check_network_health(network)
    openpnm.topotools.trim(network=network, pores=health["disconnected_pores"])
    phase = openpnm.phase.Phase(network=network)
    phase["pore.diffusivity"] = phase["throat.diffusivity"] = 1.0
    conductance = openpnm.models.physics.diffusive_conductance.generic_diffusive
    phase.add_model(propname="throat.diffusive_conductance", model=conductance)
    found = []
    for axis in axes:
        ends = [network.pores("xyz"[axis] + end) for end in ("min", "max")]
        if not all(len(end) for end in ends):
            found.append(math.inf)
            continue
        diffusion = openpnm.algorithms.FickianDiffusion(network=network, phase=phase)
        for value, pores in zip((1.0, 0.0), ends, strict=True):
            diffusion.set_value_BC(pores=pores, values=value)
        diffusion.run()
        section, length = cube.size / cube.shape[axis], cube.shape[axis] + 2 * PADDING
        found.append(section / length / float(diffusion.rate(pores=ends[0])[0]))
    return found
