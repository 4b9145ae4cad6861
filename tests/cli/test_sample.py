"""The command sample, as a user runs it."""

import json

import numpy as np
import pytest

from poreops import cli
from poreops.images.read import read_volume
from poreops.synthetic.sample import VOXEL_SIZE, sample_rock


@pytest.fixture
def run(capsys):
    """Run the command in this process: exit code, stdout, stderr."""

    def call(*arguments):
        code = cli.run(["sample", *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_the_other_commands_read_it_without_a_word(run, tmp_path):
    path = tmp_path / "rock.tif"
    code, out, err = run("-o", path, "--size", 32, "--seed", 2)
    assert (code, err) == (0, "")
    assert "32 x 32 x 32 voxels" in out
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.image, sample_rock(32, seed=2))
    assert volume.reading.voxel_size == pytest.approx([VOXEL_SIZE] * 3, rel=1e-6)
    assert not volume.reading.warnings


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(run, tmp_path):
    path = tmp_path / "rock.tif"
    path.write_bytes(b"mine")
    code, _, err = run("-o", path, "--size", 32)
    assert code == 2
    assert "is there already; choose another name, or say --overwrite" in err
    assert path.read_bytes() == b"mine"
    code, out, _ = run("-o", path, "--size", 32, "--overwrite", "--json")
    assert code == 0
    assert json.loads(out)["porosity"] == pytest.approx(read_volume(path).image.mean())


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["-o", "rock.npy"], "a sample is written as TIFF, got rock.npy"),
        (["-o", "rock.tif", "--size", "9"], "size must be a whole number >= 32"),
        (["-o", "rock.tif", "--porosity", "2"], "porosity must be from 0.1 to 0.9, got 2"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(run, tmp_path, monkeypatch, arguments, rule):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert rule in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())
