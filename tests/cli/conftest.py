"""A rock, and the command run in this process."""

import json

import numpy as np
import porespy
import pytest
import tifffile

from poreops import cli


@pytest.fixture(scope="session")
def im():
    return porespy.generators.overlapping_spheres((36, 34, 32), r=5, porosity=0.5, seed=1)


@pytest.fixture(scope="session")
def image(im, tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "rock.tif"
    tifffile.imwrite(path, im.astype(np.uint8) * 255)
    return path


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """A tiny pack: Stokes flow costs more than diffusion."""
    im = porespy.generators.overlapping_spheres((26, 24, 22), r=5, porosity=0.6, seed=1)
    path = tmp_path_factory.mktemp("small") / "small.npy"
    np.save(path, im)
    return path


@pytest.fixture
def run(capsys):
    """Run the command in this process: exit code, stdout, stderr."""

    def call(*arguments):
        code = cli.run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@pytest.fixture
def answer(run):
    """Run the command with --json and return its document."""

    def call(*arguments):
        code, out, err = run(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    return call
