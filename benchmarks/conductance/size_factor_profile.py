"""Make the reference profile that new labels are compared with, by simulation.

    python benchmarks/conductance/size_factor_profile.py --out FILE

FILE is inputs/conductance/size_factor_profile.json. The volumes follow the sections `volumes`,
`partition` and `label` of params.yaml, but for their seed and their number: the profile must not
be made of the data that it judges.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.files import write_json
from poreops.base.settings import section
from poreops.conductance.suites.drift import make_profile
from poreops.conduits.labels import LabelConfig
from poreops.conduits.partition import PartitionConfig, partition
from poreops.conduits.simulated import simulated_size_factors
from poreops.synthetic.spheres import VolumesConfig, sphere_pack, volume_seed

SEED, COUNT = 7001, 64


def labels(params: Path, seed: int, count: int) -> Iterator[NDArray[np.float64]]:
    """Yield the diffusive size factors [voxel] of one volume after another."""
    volumes = section("conductance.volumes", VolumesConfig, params)
    cut = section("conductance.partition", PartitionConfig, params)
    config = section("conductance.label", LabelConfig, params)
    if seed == volumes.seed:
        raise SystemExit(f"--seed must differ from volumes.seed, got {seed} for both")
    for index in range(count):
        im = sphere_pack(volumes.spheres, volumes.ndim, volume_seed(seed, "train", index))
        regions = partition(im, r_max=cut.r_max, sigma=cut.sigma)
        found = simulated_size_factors(regions.labels, regions.conns, config)
        print(f"{index + 1} of {count}: {len(found)} conduits", flush=True)
        yield found[np.isfinite(found)]


def main() -> None:
    """Write the profile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT, help="of volumes")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    config = section("conductance.label", LabelConfig, options.params)
    if config.target != "diffusive":
        raise SystemExit(f"the profile is one of diffusion, got label.target {config.target}")
    edge = section("conductance.volumes", VolumesConfig, options.params).spheres.shape
    found = np.concatenate(list(labels(options.params, options.seed, options.count)))
    source = (
        f"{options.count} volumes of params.yaml ({edge} voxels per edge) drawn from seed "
        f"{options.seed}, by benchmarks/conductance/size_factor_profile.py"
    )
    profile = make_profile(found, convention=config.convention, source=source)
    write_json(options.out, profile.as_json())


if __name__ == "__main__":
    main()
