"""Segment the slices of every rock: artifacts/properties/segmented/slices.h5, and pictures of it."""

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poreops.base.files import read_table, write_json
from poreops.base.hdf5 import open_hdf5, write_hdf5
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.images.pictures import save
from poreops.machine.tasks import parallel_map
from poreops.properties.figures import pictures as rock_plots
from poreops.properties.slices.segment import SegmentConfig, Segmented, segment

ROCKS, OUT, REPORTS = (
    Path("artifacts/properties/rocks"),
    Path("artifacts/properties/segmented"),
    Path("reports/properties"),
)
_SHOWN = 6  # rocks in the picture, of as many kinds as there are


def task(config: SegmentConfig, rock: tuple[str, NDArray[np.generic]]) -> Segmented:
    """Segment one rock; a task of its own."""
    name, grey = rock
    return segment(grey, config, name)


def agreement(labels: NDArray[np.integer], pore: NDArray[np.bool_]) -> dict[str, float]:
    """Compare a segmentation with the truth that a synthetic plug has."""
    found = labels > 0
    return {
        "dice": float(2 * np.count_nonzero(found & pore) / (found.sum() + pore.sum())),
        "porosity_error": float(found.mean() - pore.mean()),
    }


def main() -> None:
    """Write labels, agreement with the truth where it is known, and overlays."""
    config = section("properties.segmentation", SegmentConfig)
    rocks = read_table(ROCKS / "rocks.parquet").groupby("rock", sort=False).first()
    kinds = rocks["genesis"]
    with open_hdf5(ROCKS / "slices.h5") as file:
        grey = {name: file[f"{name}/grey"][()] for name in kinds.index}
        truth = {name: file[name]["pore"][()] for name in kinds.index if "pore" in file[name]}
    done = parallel_map(partial(task, config), list(grey.items()), announce=print)
    found = dict(zip(grey, done, strict=True))
    # several files may go into one folder: smallest type that holds the labels, -1 among them
    # where a field of view has an outside
    labels = {
        name: s.labels.astype(
            np.result_type(np.min_scalar_type(s.labels.min()), np.min_scalar_type(s.labels.max()))
        )
        for name, s in found.items()
    }
    write_hdf5(OUT / "slices.h5", labels)
    quality = {name: agreement(labels[name], pore) for name, pore in truth.items()}
    means = {
        key: float(np.mean([abs(q[key]) for q in quality.values()]))
        for key in ("dice", "porosity_error")
        if quality
    }
    write_json(REPORTS / "segmentation.json", {"mean": means, "rocks": quality})
    order = kinds.groupby(kinds).cumcount().sort_values(kind="stable").index[:_SHOWN]
    shown = {n: (grey[n][len(grey[n]) // 2], labels[n][len(grey[n]) // 2]) for n in order}
    picture = rock_plots.overlays(shown, rocks["voxel_size"].to_dict())
    save(picture, REPORTS / "segmentation/overlays.png")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
