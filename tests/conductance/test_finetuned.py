"""A fine-tuned model is a challenger that names its parent; nothing else changes."""

import json

import numpy as np
import pytest
import tifffile

import poreops
from poreops import cli
from poreops.mlops.tracking import versions
from poreops.synthetic.sample import sample_rock

pytestmark = pytest.mark.slow  # some hundred conduits are simulated, and a package is written


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "rock.tif"
    tifffile.imwrite(path, sample_rock(72, 0.4).astype(np.uint8) * 255)
    return path


@pytest.fixture
def narrow(tmp_path):
    """A model that promises a tenth of the intervals that it should."""
    model = poreops.load_model("shipped:diffusion")
    model.intervals = model.intervals.scaled(0.1)
    model.save(tmp_path / "narrow")
    return tmp_path / "narrow"


@pytest.fixture
def run(capsys):
    def call(*arguments):
        code = cli.run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_a_better_model_is_a_challenger_with_its_parent(repository, run, image, narrow, tmp_path):
    out = tmp_path / "out"
    code, text, err = run("finetune", image, "--model", narrow, "--labels", "0.4", "-o", out)
    assert code == 0, err
    assert "verdict   beats its parent in intervals" in text
    assert "registered as challenger: models:/conductance/1" in text
    (version,) = versions.versions_of("conductance")
    assert version.aliases == ("challenger",)
    assert version.tags["finetuned.parent"] == str(narrow)
    assert version.tags["finetuned.rock"] == "rock.tif"
    assert float(version.tags["null.its parent.covered"]) < float(version.tags["covered"])
    again, folder = poreops.load_model(version.uri), poreops.load_model(str(out))
    assert again.intervals == folder.intervals
    assert again.intervals.widths != poreops.load_model(str(narrow)).intervals.widths
    assert f"parent    {narrow}, fine-tuned to rock.tif" in run("models", "show", version.uri)[1]
    assert f"- parent: {narrow}" in run("models", "card", version.uri)[1]
    assert run("models", "verify", version.uri)[0] == 0


def test_a_model_that_gains_nothing_is_not_registered(repository, run, image, tmp_path):
    out = tmp_path / "out"
    asked = ("finetune", image, "--model", "shipped:diffusion", "--labels", "0.4", "-o", out)
    code, text, err = run(*asked, "--json")
    assert code == 0, err
    results = json.loads(text)
    assert not results["beats"]
    assert results["registered"] is None
    assert "does not beat its parent" in results["verdict"]
    assert versions.registered_names() == []
    assert {path.name for path in out.iterdir()} == {
        "learning_curve.json", "learning_curve.png", "manifest.json", "results.json"
    }  # fmt: skip
    curve = json.loads((out / "learning_curve.json").read_text())["curve"]
    assert [point["pick"] for point in curve] == 3 * ["influence"] + 3 * ["random"]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--labels", "0.9", "at most 0.4, got 0.9"),
        ("--pick", "worst", "one of influence, random, got 'worst'"),
        ("--model", "shipped:flow-2d", "learned from 2D conduits, got a 3D image"),
    ],
)
def test_bad_input_is_one_line(repository, run, image, tmp_path, option, value, said):
    given = {"--model": "shipped:diffusion", "-o": tmp_path / "out"} | {option: value}
    code, text, err = run(
        "finetune", image, *(str(part) for pair in given.items() for part in pair)
    )
    assert (code, text) == (2, "")
    assert err.count("\n") == 1
    assert said in err
    assert not (tmp_path / "out").exists()


def test_other_members_are_refused(repository, run, image, model, tmp_path):
    model.save(tmp_path / "network")
    code, _, err = run("finetune", image, "--model", tmp_path / "network", "-o", tmp_path / "out")
    assert code == 2
    assert "for models of the member physics, got one of both" in err
