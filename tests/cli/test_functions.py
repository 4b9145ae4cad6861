"""What the commands do is what the functions do: generate, score, segment."""

import json

import numpy as np
import pytest
import tifffile
from tiny import properties as tiny_rocks
from tiny.cores import model

import poreops
from poreops import cli
from poreops.base.files import read_yaml
from poreops.cores.drawing import generate_files
from poreops.errors import InputError
from poreops.properties.slices.segment import USUAL


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    model().save(folder)
    return folder


def command(capsys, *arguments):
    assert cli.run([str(argument) for argument in arguments]) == 0
    said = capsys.readouterr()
    assert said.err == ""  # no bar of what takes no two seconds
    return json.loads(said.out)


def test_generate_gives_what_the_command_writes(saved, tmp_path, capsys):
    out = tmp_path / "cores"
    capsys.readouterr()
    options = ["-n", 3, "--size", 40, "--seed", 5]
    command(capsys, "generate", "--model", saved, *options, "-o", out, "--json")
    files = [tifffile.imread(out / f"core_{i:04d}.tif") for i in range(3)]
    drawn = poreops.generate(saved, 3, 40, seed=5)
    assert drawn.dtype == np.uint8
    np.testing.assert_array_equal(drawn, files)
    np.testing.assert_array_equal(
        poreops.generate(poreops.load_core_model(str(saved)), 1, 40, seed=5), drawn[:1]
    )
    paths = generate_files(saved, tmp_path / "again", 3, 40, seed=5)
    assert [path.read_bytes() for path in paths] == [
        (out / path.name).read_bytes() for path in paths
    ]


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"count": 0}, "number of cores must be positive, got 0"),
        ({"count": "many"}, "number of cores must be a whole number"),
        ({"seed": -1}, "a seed must not be negative, got -1"),
        ({"size": 9999999}, "must fit in memory"),
        ({"model": 7}, "a model must be one of load_core_model or its URI, got 7"),
    ],
)
def test_a_bad_request_is_one_line_before_anything_is_drawn(saved, tmp_path, arguments, rule):
    with pytest.raises(InputError, match=rule):
        poreops.generate(**({"model": saved} | arguments))
    with pytest.raises(InputError, match=rule):
        generate_files(**({"model": saved, "folder": tmp_path / "out"} | arguments))
    assert not (tmp_path / "out").exists()


def sets():
    """Return two sets of four grey images, of 20 and of 30 % pore."""
    return [
        np.concatenate([tiny_rocks.grey(porosity, seed=seed, slices=1) for seed in range(4)])
        for porosity in (0.2, 0.3)
    ]


@pytest.mark.slow
def test_score_gives_what_the_command_says(tmp_path, capsys):
    real, drawn = sets()
    for name, images in (("real", real), ("drawn", drawn)):
        (tmp_path / name).mkdir()
        for i, image in enumerate(images):
            tifffile.imwrite(tmp_path / name / f"{i}.tif", image)
    said = command(capsys, "score", tmp_path / "real", tmp_path / "drawn", "--json")
    for given in ((tmp_path / "real", tmp_path / "drawn"), (real, drawn)):
        found = json.loads(json.dumps(poreops.score(*given)))
        assert found["fid"] == said["fid"]
        assert found["kid"] == said["kid"]
        assert found["s2"] == said["s2"]
    assert set(said) == {*found, "command", "seconds"}


@pytest.mark.parametrize(
    ("images", "rule"),
    [
        (np.zeros((2, 64, 64)), "must be .n, rows, columns. uint8, got float64"),
        (np.zeros((1, 64, 64), np.uint8), "two or more images, got 1 in the real ones"),
        (np.zeros((2, 8, 8), np.uint8), "32 pixels or more"),
        ("nowhere", "nowhere"),
    ],
)
def test_a_set_that_is_none_is_one_line(images, rule):
    with pytest.raises(InputError, match=rule):
        poreops.score(images, images)
    with pytest.raises(InputError, match="smoothing"):
        poreops.score(*sets(), smoothing=-1)


def test_segment_takes_what_params_yaml_states(project):
    assert USUAL.model_dump() == read_yaml(project / "params.yaml")["properties"]["segmentation"]
    grey = tiny_rocks.grey(0.25, seed=1)
    found = poreops.segment(grey)
    np.testing.assert_array_equal(found.labels, poreops.segment(grey, USUAL).labels)
    assert found.porosity.mean() == pytest.approx(0.25, abs=0.03)
    assert repr(found).startswith("<Segmented 4 slices of 64 x 64 pixels: areal porosity 0.2")


def test_models_and_predictions_are_one_line_too(tmp_path):
    core = model()
    assert repr(core).startswith("<DigitalCoreModel of 16 x 16 pixels: ")
    rock = tiny_rocks.model()
    assert "inputs" in repr(rock)
    assert "<table>" in rock._repr_html_()
    found = rock.predict(tiny_rocks.grey(0.25, seed=1), 3e-6)
    assert repr(found).startswith("<Properties of 4 slices: porosity 0.")
    assert "mD (" in repr(found)
    found.save(tmp_path / "found.h5")
    found.plot().figure.canvas.draw()
    found.segmented.plot(index=0).figure.canvas.draw()
