"""Write an interface network: throats with their share of the gap, for tables and ParaView."""

from pathlib import Path

import numpy as np

from poreops.base.arguments import AXES
from poreops.networks.interface.flow.network import InterfaceFlowNetwork
from poreops.networks.interface.network import InterfaceNetwork
from poreops.networks.interface.reuse import Reusable
from poreops.networks.vtk import write_network_vtp


def write_interface_csv(
    path: str | Path, network: InterfaceFlowNetwork | InterfaceNetwork
) -> None:
    """Write one row a throat: regions, patches, modes, share of the gap; of diffusion its pair.

    Parameters
    ----------
    path : of the file
    network : solved
    """
    import pandas as pd

    conns, edge = network.regions.conns, network.voxel_size
    pairs = {}
    if isinstance(network, Reusable):
        names = ("pair_lower_m", "pair_upper_m")
        pairs = dict(zip(names, network.pair_size_factors().T, strict=True))
    gap = {f"gap_{AXES[axis]}": values for axis, values in enumerate(network.gap.T)}
    pd.DataFrame(
        {
            "throat": np.arange(len(conns)),
            "region_1": conns[:, 0] + 1,
            "region_2": conns[:, 1] + 1,
            "voxel_faces_m2": network.faces * edge**2,
            "patches": network.patches,
            "modes": network.modes,
            **gap,
            **pairs,
        }
    ).to_csv(path, index=False)


def write_interface_vtp(
    path: str | Path, network: InterfaceFlowNetwork | InterfaceNetwork
) -> None:
    """Write pores as points and throats as lines that know their share of the gap.

    Parameters
    ----------
    path : of the file
    network : solved
    """
    gap = {f"gap_{AXES[axis]}": values for axis, values in enumerate(network.gap.T)}
    pores = {
        "region_label": np.arange(1, network.regions.count + 1),
        "equivalent_diameter": network.diameters,
    }
    throats = {
        "gap": network.gap.max(axis=1),
        **gap,
        "voxel_faces": network.faces,
        "patches": network.patches,
        "modes": network.modes,
    }
    write_network_vtp(path, network.coords, network.regions.conns, pores, throats)
