"""A laboratory's own rocks go through the first stages: images and a table in, features out."""

import importlib.util

import numpy as np
import pytest
import tifffile
from tiny import properties as tiny_rocks

from poreops.base.files import read_json, read_table, read_yaml, write_yaml
from poreops.base.hdf5 import read_hdf5
from poreops.base.units import MILLIDARCY
from poreops.errors import InputError
from poreops.properties.rocks import COLUMNS


@pytest.fixture
def stage(project):
    """Run a stage's script in the current folder."""

    def run(name):
        path = project / f"pipelines/{name.replace('_', '/', 1)}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.main()

    return run


@pytest.fixture
def laboratory(project, tmp_path, monkeypatch):
    """A folder with three rocks, one of 16 bit and one in two files, and no synthetic plug."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POREOPS_WORKERS", "1")
    params = read_yaml(project / "params.yaml")
    params["properties"]["rocks"] |= {"slices": 3}
    params["properties"]["rocks"]["plugs"]["counts"] = {}
    write_yaml("params.yaml", params)
    (tmp_path / "data/properties/images").mkdir(parents=True)
    rows = [",".join(COLUMNS)]
    for k, name in enumerate(["a", "b", "c1", "c2"]):
        image = tiny_rocks.grey(0.2 + 0.05 * min(k, 2), seed=k)
        if name == "b":
            image = image.astype(np.uint16) * 200
        tifffile.imwrite(
            tmp_path / f"data/properties/images/{name}.tif", image, photometric="minisblack"
        )
        rows.append(
            f"{name[0]},images/{name}.tif,4e-6,{0.2 + 0.05 * min(k, 2):.2f},{10 + min(k, 2)}"
        )
    (tmp_path / "data/properties/rocks.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_rocks_of_a_laboratory_become_a_table_of_slices(laboratory, stage):
    for name in ("properties_rocks", "properties_segment", "properties_measure"):
        stage(name)
    table = read_table("artifacts/properties/features/slices.parquet")
    assert table.groupby("rock").size().to_dict() == {"a": 3, "b": 3, "c": 3}
    assert table.loc[table["rock"] == "c", "slice"].tolist() == [0, 4, 7]
    assert set(table["genesis"]) == {"real"}
    assert set(table["walls"]) == {"laboratory"}
    first = table.groupby("rock").first()
    np.testing.assert_allclose(first["permeability"] / MILLIDARCY, [10, 11, 12])
    found = table.groupby("rock")["areal_porosity"].mean()
    np.testing.assert_allclose(found, [0.2, 0.25, 0.3], atol=0.06)  # some slices of each
    assert read_hdf5("artifacts/properties/rocks/slices.h5")[0]["b/grey"].dtype == np.uint16
    assert read_json("reports/properties/segmentation.json")["rocks"] == {}


def test_a_plug_carries_the_walls_of_its_flow(laboratory, stage):
    params = read_yaml("params.yaml")
    rocks = params["properties"]["rocks"]
    plugs = rocks["plugs"]
    plugs["counts"], plugs["shape"] = {"overlapping": 1}, [32, 32, 32]
    plugs["grain_radius"] = [4, 5]
    found = {}
    for walls in ("stepped", "smooth"):
        rocks["walls"] = walls
        write_yaml("params.yaml", params)
        stage("properties_rocks")
        table = read_table("artifacts/properties/rocks/rocks.parquet").query(
            "genesis == 'overlapping'"
        )
        assert set(table["walls"]) == {walls}
        found[walls] = table["permeability"].iloc[0]
    assert found["stepped"] < 0.95 * found["smooth"]


def test_the_same_rocks_give_the_same_bytes(laboratory, stage):
    paths = ["artifacts/properties/rocks/slices.h5", "artifacts/properties/rocks/rocks.parquet"]
    stage("properties_rocks")
    before = [(laboratory / path).read_bytes() for path in paths]
    stage("properties_rocks")
    assert [(laboratory / path).read_bytes() for path in paths] == before


def test_a_bad_image_writes_nothing(laboratory, stage):
    blank = np.full((2, 64, 64), 7, np.uint8)
    tifffile.imwrite(laboratory / "data/properties/images/a.tif", blank, photometric="minisblack")
    with pytest.raises(InputError, match=r"2 of 2 of a \(a\.tif\) are blank"):
        stage("properties_rocks")
    assert not (laboratory / "artifacts/properties/rocks").exists()


def test_no_rock_at_all_is_an_input_error(laboratory, stage):
    (laboratory / "data/properties/rocks.csv").write_text(",".join(COLUMNS) + "\n")
    for path in (laboratory / "data/properties/images").iterdir():
        path.unlink()
    with pytest.raises(InputError, match=r"there must be rocks, got none in rocks\.csv"):
        stage("properties_rocks")


def test_too_few_rocks_stop_at_the_validation(laboratory, stage):
    for name in ("properties_rocks", "properties_segment", "properties_measure"):
        stage(name)
    with pytest.raises(InputError, match=r"expect_table_row_count.* fails with 3; add rocks"):
        stage("properties_validate")
    assert read_json("reports/properties/validation.json")["success"] is False
