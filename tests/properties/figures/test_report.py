"""Pictures and page are drawn from tables alone, and show what the tables hold."""

import re

import grimp
import numpy as np
import pandas as pd
import pytest
from skimage.io import imread

from poreops.base.files import write_json, write_table
from poreops.base.hdf5 import write_hdf5
from poreops.base.show.pictures import save
from poreops.properties.figures import report
from poreops.properties.figures.page import SECTIONS, write_page
from poreops.properties.learning.selection import SelectionConfig, correlation, select

KINDS = ("blobs", "vuggy", "cemented")
ROCKS = [f"{kind}_{k:02d}" for kind in KINDS for k in range(2)]
LIMITS = SelectionConfig(significance=0.05, inflation_max=10, always=("a",))


def predictions(models, rocks, rng):
    """As artifacts/properties/scores holds them: off by 0.01, and by a third of log k."""
    rows = []
    truth = [(rng.uniform(0.1, 0.4), rng.uniform(-32, -26)) for _ in rocks]
    for name in models:
        for rock, (porosity, log_k) in zip(rocks, truth, strict=True):
            half = 0.02 if name == "served" else np.nan
            rows.append(
                {
                    "model": name, "rock": rock,
                    "porosity": porosity + 0.01, "log_permeability": log_k + 1 / 3,
                    "measured_porosity": porosity, "measured_log_permeability": log_k,
                    "half_width_porosity": half, "half_width_log_permeability": 50 * half,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def scores():
    def of(porosity, log_k):
        return {
            "porosity": {"r2": porosity, "mse": 0.1, "mae": 0.1},
            "log_permeability": {"r2": log_k, "mse": 0.2, "mae": 0.2},
        }

    models = ("served", "kozeny_carman", "smr_ml", "smr_nn", "rg")
    return {split: {name: of(0.75, 0.25) for name in models}
            for split in ("kind_left_out", "siblings", "random")}  # fmt: skip


DETAILS = {
    "served": {"porosity": "kozeny_carman", "log_permeability": "smr_ml"},
    "rocks": {"learn": 4, "report": 2},
    "slices": {"learn": 8, "siblings": 2},
    "coverage": {"plug": {"porosity": 1.0, "log_permeability": 0.5}},
    "compared": {"scaling": {"standard": {"rg": 0.5, "m2": 0.6}}},
    "seconds": {"rg": {"fit": 1.0, "predict": 0.01}},
    "importance": {"a": [0.1, 0.2], "b": [0.3, 0.1]},
}


@pytest.fixture
def root(tmp_path):
    """A folder as the stages before properties_report leave it."""
    rng = np.random.default_rng(0)
    artifacts, reports = tmp_path / "artifacts/properties", tmp_path / "reports/properties"
    slices = {f"{rock}/grey": rng.integers(0, 255, (3, 20, 20), np.uint8) for rock in ROCKS}
    write_hdf5(artifacts / "rocks/slices.h5", slices)
    kinds = [rock[:-3] for rock in ROCKS]
    table = pd.DataFrame({"rock": ROCKS, "genesis": kinds, "voxel_size": 2e-6})
    write_table(artifacts / "rocks/rocks.parquet", table)
    labels = {rock: rng.integers(0, 3, (3, 20, 20)) for rock in ROCKS}
    write_hdf5(artifacts / "segmented/slices.h5", labels)
    x, y, groups = rng.standard_normal((60, 2)), rng.standard_normal((60, 2)), np.arange(60) // 3
    found = select(x, ["a", "b"], y, groups, LIMITS)
    write_json(artifacts / "selection/statistics.json", found.statistics(LIMITS))
    related = correlation(x, y, ["a", "b", "porosity", "log_permeability"])
    write_table(artifacts / "selection/correlation.parquet", related)
    models = ("constant", "smr_nn", "kozeny_carman", "smr_ml", "served")
    write_table(artifacts / "scores/plugs.parquet", predictions(models, ROCKS, rng))
    write_table(artifacts / "scores/slices.parquet", predictions(models[:-1], ROCKS * 2, rng))
    diameters = {f"{rock[:-3]}/{rock}": rng.uniform(1e-6, 1e-4, 50) for rock in ROCKS}
    write_hdf5(artifacts / "scores/pore_diameters.h5", diameters)
    costs = {name: {"trials": 2, "value": 0.3, "seconds": 1.0} for name in ("random", "grid")}
    write_json(reports / "search.json", {"use": "stated", "against_grid": {"rg": costs}})
    write_json(reports / "scores.json", scores())
    write_json(reports / "models.json", DETAILS)
    return tmp_path


def test_every_picture_of_the_page_is_drawn(root, tmp_path):
    names = []
    for name, figure in report.every_figure(root):
        save(figure, tmp_path / name)
        picture = imread(tmp_path / name)
        assert min(picture.shape[:2]) > 150, name
        assert picture[..., :3].std() > 5, name
        names.append(name)
    assert sorted(names) == sorted(name for _, name, _ in SECTIONS)


def test_what_is_measured_and_predicted_stands_in_its_column(root):
    figure = dict(report.every_figure(root))["parity_left_out.png"]
    assert [panel.get_title() for panel in figure.axes[:4]] == [
        "what is served", "SMR-ML", "SMR-NN", "counted porosity, Kozeny–Carman",
    ]  # fmt: skip
    for place, panel in enumerate(figure.axes):
        scattered = [part for part in panel.collections if hasattr(part, "get_sizes")]
        points = [part.get_offsets() for part in scattered if part.get_label() in KINDS]
        assert len(points) == len(KINDS)
        measured, predicted = np.concatenate(points).T
        if place < 4:
            np.testing.assert_allclose(predicted - measured, 0.01)
        else:
            np.testing.assert_allclose(predicted / measured, np.exp(1 / 3))


def test_the_page_holds_its_pictures_and_its_scores_in_order(root, tmp_path):
    folder = tmp_path / "figures"
    for name, figure in report.every_figure(root):
        save(figure, folder / name)
    write_page(folder / "index.html", folder, scores(), DETAILS)
    page = (folder / "index.html").read_text()
    assert page.count("data:image/png;base64,") == len(SECTIONS)
    row = re.search(r"<td>SMR-ML</td>(.*?)</tr>", page).group(1)
    assert re.findall(r"<td>(.*?)</td>", row) == ["0.75", "0.1", "0.1", "0.25", "0.2", "0.2"]
    assert "100 % of the porosities and 50 % of the permeabilities" in page


def test_the_run_of_the_report_says_what_was_drawn(root):
    before = report.digests(root)
    assert set(before) == {f"sha256.{name}" for name in report.DRAWN}
    write_json(root / "reports/properties/search.json", {"against_grid": {}})
    after = report.digests(root)
    assert {name for name in before if before[name] != after[name]} == {
        "sha256.reports/properties/search.json"
    }


def test_figures_draw_tables_and_know_no_model():
    graph = grimp.build_graph("poreops", exclude_type_checking_imports=True, cache_dir=None)
    for module in ("page", "pictures", "report"):
        upstream = graph.find_upstream_modules(f"poreops.properties.figures.{module}")
        known = {name for name in upstream if name.startswith("poreops.properties.")}
        assert all(name.startswith("poreops.properties.figures") for name in known), known
