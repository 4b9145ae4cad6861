"""Time to measure and to segment grey slices, and to measure them with scikit-image.

    python benchmarks/properties/slices.py --slices 6500 --edge 224 --workers 2

The slices show a random field of the porosity and the pore size given, rendered as the plugs of
the pipeline are. scikit-image's `regionprops_table` measures the same 14 properties of a few of
them; its time is scaled to all.
"""

import argparse
import os
import time
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.measure import regionprops_table

from poreops.machine.tasks import parallel_map
from poreops.params import check
from poreops.properties.slices.features import measure
from poreops.properties.slices.segment import SegmentConfig, segment
from poreops.properties.slices.shape import PROPERTIES
from poreops.synthetic.scanner import RenderConfig, render_slices

PARTS = 20  # tasks that the slices are split into
COMPARED = 4  # slices that scikit-image measures


def drawn(edge: int, count: int, rendering: RenderConfig) -> NDArray[np.uint8]:
    """Draw grey slices of porosity 0.2 with pores some ten pixels wide."""
    field = gaussian_filter(np.random.default_rng(0).standard_normal((count, edge, edge)), 3)
    pore = field > np.quantile(field, 0.8)
    return render_slices(pore, np.arange(count), rendering, seed=1)


def segmented(config: SegmentConfig, grey: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Segment some slices; a task of its own."""
    return segment(grey, config).labels


def main() -> None:
    """Print seconds for all slices."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=6500)
    parser.add_argument("--edge", type=int, default=224)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    params = check().properties
    os.environ["POREOPS_WORKERS"] = str(args.workers)
    # a few slices over and over: what is in them does not change the time
    few = drawn(args.edge, 32, params.rocks.rendering)
    grey = few[np.arange(args.slices) % len(few)]
    tasks = np.array_split(grey, PARTS)

    start = time.perf_counter()
    labels = list(parallel_map(partial(segmented, params.segmentation), tasks))
    seconds = {"segment": time.perf_counter() - start}
    measure(labels[0][:1], 1e-6)  # loads the compiled kernel
    start = time.perf_counter()
    table = [len(t) for t in parallel_map(partial(measure, voxel_size=1e-6), labels)]
    seconds["measure"] = time.perf_counter() - start
    start = time.perf_counter()
    for image in labels[0][:COMPARED]:
        regionprops_table(image, properties=PROPERTIES)
    alone = (time.perf_counter() - start) / COMPARED
    seconds["scikit-image, on one process"] = alone * args.slices
    pores = np.mean([image.max() for image in labels[0]])
    print(f"{sum(table)} slices of {args.edge}², {pores:.0f} pores each, {args.workers} processes")
    for name, value in seconds.items():
        print(f"{name:>30}: {value:8.1f} s, {1e3 * value / args.slices:7.2f} ms a slice")


if __name__ == "__main__":
    main()
