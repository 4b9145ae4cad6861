"""Time 6,000 conduits from regions to size factors, beside DNS and PoreSpy's network.

    python benchmarks/conductance/prediction.py --model models:/conductance@champion

The peer is the forward pass alone of PoreSpy's ResNet50 (`create_model`) on batches of 8 ROIs.
"""

import argparse
import time

import numpy as np
import porespy

from poreops import diffusive_size_factors, load_model, partition
from poreops.synthetic.spheres import SpherePackConfig, sphere_pack

COUNT = 6000


def main() -> None:
    """Print seconds for 6,000 conduits of our model and of DNS, and the ratio to the peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="models:/conductance@champion")
    parser.add_argument("--batches", type=int, default=4, help="of 8 ROIs, for the peer")
    options = parser.parse_args()
    config = SpherePackConfig(
        shape=250, shape_2d=250, porosity=(0.5, 0.6), radius=(9, 10),
        radius_spread=0.3, radius_min=3, radius_bins=5,
    )  # fmt: skip
    regions = partition(sphere_pack(config, 3, 11))
    conns = regions.conns[:COUNT]
    print(f"{len(conns)} of {len(regions.conns)} conduits of a 250³ sphere pack")
    model = load_model(options.model)
    model.size_factors(regions.labels, conns[:256])  # build the graph
    start = time.perf_counter()
    predicted = model.size_factors(regions.labels, conns)
    ours = time.perf_counter() - start
    start = time.perf_counter()
    truth = diffusive_size_factors(regions.labels, conns)
    simulated = time.perf_counter() - start
    error = np.abs(predicted / truth - 1)
    print(f"model {ours * COUNT / len(conns):6.1f} s for 6,000 from regions on")
    print(f"DNS   {simulated * COUNT / len(conns):6.1f} s for 6,000 on the same conduits")
    print(f"mean error of the model against DNS {100 * error.mean():.1f} %")
    peer = porespy.networks.create_model()
    rois = np.random.default_rng(0).integers(0, 3, (8, 64, 64, 64, 1)).astype(np.float32)
    peer.predict_on_batch(rois)
    times = []
    for _ in range(options.batches):
        start = time.perf_counter()
        peer.predict_on_batch(rois)
        times.append((time.perf_counter() - start) / 8)
    each = float(np.median(times))
    print(
        f"PoreSpy's ResNet50, forward pass alone: {1e3 * each:.0f} ms each, "
        f"{each * len(conns) / ours:.0f} times ours from regions on"
    )


if __name__ == "__main__":
    main()
