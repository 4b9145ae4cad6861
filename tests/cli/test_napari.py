"""The napari plugin: the reader and the jobs without napari, the manifest and dock with it."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import tifffile
import yaml

import poreops
from poreops.cli import napari as napari_plugin
from poreops.cli.napari.jobs import JOBS, run, voxel_size_of
from poreops.cli.napari.reader import READ, get_reader, read_layers
from poreops.errors import InputError

MANIFEST = Path(napari_plugin.__path__[0]) / "napari.yaml"
NO_NAPARI = importlib.util.find_spec("napari") is None
needs_napari = pytest.mark.skipif(NO_NAPARI, reason="napari is not installed (extra: napari)")


def slot():
    image = np.zeros((6, 8, 5), bool)
    image[:, 2:6, :] = True
    return image


@pytest.fixture
def tiff(tmp_path):
    path = tmp_path / "rock.tif"
    # ImageJ states the voxel: 2 µm
    tifffile.imwrite(
        path, slot().astype(np.uint8), imagej=True, resolution=(0.5, 0.5),
        metadata={"spacing": 2.0, "unit": "um", "axes": "ZYX"},
    )  # fmt: skip
    return path


def test_a_segmented_image_becomes_a_layer_of_its_pores(tiff):
    reader = get_reader(str(tiff))
    ((data, options, kind),) = reader(str(tiff))
    assert kind == "labels"
    assert data.dtype == np.uint8
    np.testing.assert_array_equal(data, slot())
    assert options["name"] == "rock"
    np.testing.assert_allclose(options["scale"], (2, 2, 2))
    assert options["units"] == ("um",) * 3
    assert voxel_size_of(options["metadata"]) == pytest.approx(2e-6)


def test_a_grey_image_becomes_an_image_layer(tmp_path):
    grey = np.random.default_rng(0).integers(0, 255, (4, 40, 50)).astype(np.uint8)
    np.save(tmp_path / "grey.npy", grey)
    ((data, options, kind),) = read_layers(str(tmp_path / "grey.npy"))
    assert kind == "image"
    np.testing.assert_array_equal(data, grey)
    assert "scale" not in options
    assert voxel_size_of(options["metadata"]) is None


def test_a_list_of_files_is_a_layer_each(tiff):
    assert len(get_reader([str(tiff)] * 2)([str(tiff)] * 2)) == 2


def test_other_files_are_left_to_other_readers(tmp_path):
    for name in ("a.txt", "b.zarr", "c.raw"):
        assert get_reader(str(tmp_path / name)) is None
    assert get_reader([]) is None


def test_a_damaged_file_is_one_line(tmp_path):
    (tmp_path / "bad.tif").write_bytes(b"no image")
    with pytest.raises(InputError):
        read_layers(str(tmp_path / "bad.tif"))


def test_the_manifest_offers_each_suffix_that_the_reader_takes():
    manifest = yaml.safe_load(MANIFEST.read_text())
    (reader,) = manifest["contributions"]["readers"]
    assert {pattern.removeprefix("*") for pattern in reader["filename_patterns"]} == READ
    for command in manifest["contributions"]["commands"]:
        module, _, name = command["python_name"].partition(":")
        assert hasattr(importlib.import_module(module), name)


def test_the_manifest_is_an_entry_point_and_in_the_wheel(project):
    import tomllib

    stated = tomllib.loads((project / "pyproject.toml").read_text())
    entry = stated["project"]["entry-points"]["napari.manifest"]
    assert entry == {"poreops": "poreops.cli.napari:napari.yaml"}
    assert "cli/napari/napari.yaml" in stated["tool"]["setuptools"]["package-data"]["poreops"]


def test_each_job_gives_the_result_of_its_function():
    image, edge = slot(), 2e-6
    # napari holds labels as uint8
    layer = image.astype(np.uint8)
    found = run("formation factor", layer, edge, "x")
    assert "formation factor 2, tortuosity 1" in found.lines[0]
    ((field, options, kind),) = found.layers
    np.testing.assert_allclose(field[:, 3, 2], 1 - (np.arange(6) + 0.5) / 6, atol=1e-6)
    assert (kind, options["name"]) == ("image", "concentration x")
    np.testing.assert_allclose(options["scale"], (2, 2, 2))

    found = run("partition", layer, None, "x")
    ((labels, options, kind),) = found.layers
    np.testing.assert_array_equal(labels, poreops.partition(image).labels)
    assert kind == "labels"
    assert "scale" not in options

    found = run("permeability", layer, edge, "x")
    k = poreops.permeability(image, "x", voxel_size=edge)
    assert f"{k.permeability:.4g} m²" in found.lines[0]
    ((speed, _, _),) = found.layers
    assert speed.shape == image.shape
    assert (speed[~image] == 0).all()

    found = run("check", layer, edge, "x")
    assert "porosity 0.5" in found.lines[0]
    assert found.layers == ()


def test_what_a_solver_warns_of_is_shown():
    narrow = np.zeros((6, 5, 5), bool)
    narrow[:, 2, 1:4] = True
    lines = run("permeability", narrow, 2e-6, "x").lines
    assert any(line.startswith("warning: ") for line in lines[1:])


def test_a_wrong_job_is_one_line():
    with pytest.raises(InputError, match="a job must be one of check"):
        run("colour", slot(), None, "x")
    assert set(JOBS) == {"check", "partition", "formation factor", "permeability"}


@pytest.mark.skipif(importlib.util.find_spec("npe2") is None, reason="npe2 is not installed")
@pytest.mark.filterwarnings("default")
def test_npe2_takes_the_manifest():
    from npe2 import PluginManifest

    manifest = PluginManifest.from_file(MANIFEST)
    manifest.validate_imports()
    assert manifest.name == "poreops"


@needs_napari
@pytest.mark.filterwarnings("default")
def test_the_layers_are_ones_that_napari_takes(tiff):
    from napari.components import ViewerModel
    from napari.layers import Layer

    viewer = ViewerModel()
    for data in read_layers(str(tiff)):
        viewer.add_layer(Layer.create(*data))
    for job in JOBS:
        for data in run(job, viewer.layers[0].data, 2e-6, "x").layers:
            viewer.add_layer(Layer.create(*data))
    assert [layer.name for layer in viewer.layers] == [
        "rock", "regions", "concentration x", "speed x"
    ]  # fmt: skip
    for layer in viewer.layers:
        np.testing.assert_allclose(layer.scale, (2, 2, 2))


@needs_napari
@pytest.mark.filterwarnings("default")
def test_the_dock_runs_a_job_in_a_thread(monkeypatch, tiff):
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    import time

    import napari
    from napari.components import ViewerModel
    from qtpy.QtWidgets import QApplication

    from poreops.cli.napari.dock import results_dock

    application = QApplication.instance() or QApplication([])
    viewer = ViewerModel()
    monkeypatch.setattr(napari, "current_viewer", lambda: viewer)
    dock = results_dock()
    dock.layer.choices = layers = [napari.layers.Layer.create(*d) for d in read_layers(str(tiff))]
    dock.layer.value = layers[0]
    assert dock.voxel_size_um.value == pytest.approx(2)
    dock.job.value = "formation factor"
    dock.run.changed.emit(True)
    assert not dock.run.enabled
    end = time.monotonic() + 300
    while not dock.run.enabled and time.monotonic() < end:
        application.processEvents()
        time.sleep(0.01)
    assert "formation factor 2, tortuosity 1" in dock.result.value
    assert [layer.name for layer in viewer.layers] == ["concentration x"]
