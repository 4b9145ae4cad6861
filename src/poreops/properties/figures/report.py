"""Every picture of the line, from the tables and arrays that the stages before wrote."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from poreops.base.files import read_json, read_table, sha256
from poreops.base.hdf5 import open_hdf5, read_hdf5
from poreops.properties.figures import pictures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DRAWN = (
    "artifacts/properties/rocks",
    "artifacts/properties/segmented",
    "artifacts/properties/selection",
    "artifacts/properties/scores",
    "reports/properties/search.json",
    "reports/properties/scores.json",
    "reports/properties/models.json",
)
"""What is drawn, from the root of the repository."""

_ROCKS = 6  # in the picture of the segmentation, of as many kinds as there are
_MODELS = ("served", "smr_ml", "smr_nn", "kozeny_carman")
_TARGETS = ("porosity", "log_permeability")


def digests(root: Path = Path()) -> dict[str, str]:
    """Return the digest of each of `DRAWN`, as tags of a run.

    Parameters
    ----------
    root : of the repository
    """
    return {f"sha256.{name}": sha256(root / name) for name in DRAWN}


def every_figure(root: Path = Path()) -> Iterator[tuple[str, "Figure"]]:
    """Yield the file name and the figure of each picture.

    Parameters
    ----------
    root : with artifacts/properties and reports/properties
    """
    artifacts, reports = root / "artifacts/properties", root / "reports/properties"
    yield "overlays.png", _overlays(artifacts)
    related = read_table(artifacts / "selection/correlation.parquet")
    yield "correlation.png", pictures.correlation(related.set_index(related.columns))
    statistics = read_json(artifacts / "selection/statistics.json")
    yield "selection.png", pictures.selection(statistics)
    costs = read_json(reports / "search.json")
    yield "search_costs.png", pictures.search_costs(costs["against_grid"])
    plugs = read_table(artifacts / "scores/plugs.parquet")
    yield "parity_left_out.png", _parity(plugs)
    yield "parity_random.png", _parity(read_table(artifacts / "scores/slices.parquet"))
    scores, details = (read_json(reports / name) for name in ("scores.json", "models.json"))
    slices = sum(details["slices"].values())
    yield "models.png", pictures.model_table(scores, details["seconds"], slices)
    yield "importance.png", pictures.importance(details["importance"])
    diameters, _ = read_hdf5(artifacts / "scores/pore_diameters.h5")
    yield "pore_sizes.png", pictures.pore_sizes(diameters)


def _overlays(artifacts: Path) -> "Figure":
    table = read_table(artifacts / "rocks/rocks.parquet")
    kinds = table.groupby("rock", sort=False)["genesis"].first()
    names = kinds.groupby(kinds).cumcount().sort_values(kind="stable").index[:_ROCKS]
    sizes = table.groupby("rock")["voxel_size"].first()
    shown = {}
    with (
        open_hdf5(artifacts / "rocks/slices.h5") as grey,
        open_hdf5(artifacts / "segmented/slices.h5") as labels,
    ):
        for name in names:
            middle = len(labels[name]) // 2
            shown[name] = grey[f"{name}/grey"][middle], labels[name][middle]
    return pictures.overlays(shown, {name: float(sizes[name]) for name in names})


def _parity(table: pd.DataFrame) -> "Figure":
    """Draw a table of predictions; the intervals of what has any."""
    found = {name: rows for name, rows in table.groupby("model") if name in _MODELS}

    def values(name: str, prefix: str) -> np.ndarray:
        return found[name][[f"{prefix}{target}" for target in _TARGETS]].to_numpy(np.float64)

    shown = [name for name in _MODELS if name in found]
    half = {name: values(name, "half_width_") for name in shown}
    return pictures.parity(
        {name: values(name, "") for name in shown},
        values(shown[0], "measured_"),
        found[shown[0]]["rock"].to_numpy(),
        {name: widths for name, widths in half.items() if not np.isnan(widths).any()},
    )
