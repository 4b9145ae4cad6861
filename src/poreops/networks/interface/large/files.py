"""Write what an interface network of stored labels says of each region."""

from pathlib import Path

import numpy as np

from poreops.base.arguments import AXES
from poreops.networks.interface.large.network import StoredInterfaceNetwork


def write_regions_csv(path: str | Path, network: StoredInterfaceNetwork) -> None:
    """Write one row a region: place, volume, share of the gap along each axis.

    Parameters
    ----------
    path : of the file
    network : solved
    """
    import pandas as pd

    extents, edge = network.labels.extents, network.voxel_size
    centre = (extents.centroids + 0.5) * edge
    solved = {one.axis for one in network.along}
    pd.DataFrame(
        {
            "region": np.arange(1, len(centre) + 1),
            **{f"{name}_m": centre[:, axis] for axis, name in enumerate(AXES)},
            "volume_m3": extents.voxels * edge**3,
            **{
                f"gap_{name}": network.gap[:, axis]
                for axis, name in enumerate(AXES)
                if name in solved
            },
        }
    ).to_csv(path, index=False, float_format="%.9g")
