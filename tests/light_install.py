"""The bare wheel in an empty environment: `make light`.

It fetches packages, so that `make test` leaves it out.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage
import tifffile

from poreops.base.extras import EXTRAS

pytestmark = pytest.mark.timeout(1500)

BIN = Path(sys.executable).parent
MOST_PACKAGES = 30


def clean(**more):
    """Return the environment of a shell that knows nothing of this project."""
    names = {"PYTHONPATH", "VIRTUAL_ENV", "MLFLOW_TRACKING_URI"}
    return {name: value for name, value in os.environ.items() if name not in names} | more


def uv(*arguments, **options):
    return subprocess.run(
        [BIN / "uv", *map(str, arguments)], check=True, env=clean(), text=True, **options
    )


@pytest.fixture(scope="module")
def wheel(project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    # by way of the source distribution, so that no file of an earlier build gets in
    environment = ["--no-build-isolation", "--python", sys.executable]
    uv("build", "--quiet", *environment, "-o", folder, project)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def bare(project, wheel, tmp_path_factory):
    """Return the folder of programs of an environment with the wheel and its dependencies."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    uv("venv", "--quiet", "--python", sys.executable, folder)
    # the versions of the full environment: the digits are compared
    locked = ["-c", project / "requirements.txt"]
    uv("pip", "install", "--quiet", "--python", folder / "bin/python", *locked, wheel)
    return folder / "bin"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with an image as array and as compressed TIFF, and one of another kind."""
    noise = np.random.default_rng(0).standard_normal((24, 22, 20))
    im = scipy.ndimage.gaussian_filter(noise, 2) > -0.02
    folder = tmp_path_factory.mktemp("images")
    np.save(folder / "rock.npy", im)
    tifffile.imwrite(folder / "rock.tif", im.astype(np.uint8), compression="lzw")
    (folder / "rock.nrrd").write_bytes(b"NRRD0004\n")
    (folder / "model").mkdir()
    return folder


def command(programs, folder, *arguments):
    return subprocess.run(
        [programs / "poreops", *arguments],
        cwd=folder, env=clean(), capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_is_light(bare):
    options = ["--format", "json", "--python", bare / "python"]
    listed = uv("pip", "list", *options, capture_output=True)
    names = {each["name"] for each in json.loads(listed.stdout)} - {"poreops"}
    assert len(names) <= MOST_PACKAGES, sorted(names)
    code = (
        "from importlib.util import find_spec\n"
        f"print([name for name in {sorted({m for s in EXTRAS.values() for m in s})}"
        " if find_spec(name)])"
    )
    found = subprocess.run(
        [bare / "python", "-c", code],
        cwd=bare, env=clean(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rock.tif"),
        ("formation-factor", "rock.tif"),
        ("permeability", "rock.npy", "--voxel-size", "5e-6"),
        ("size-factors", "rock.npy", "--voxel-size", "5e-6"),
    ],
)
def test_the_answers_are_those_of_the_full_environment(bare, folder, arguments):
    light, full = (command(programs, folder, *arguments, "--json") for programs in (bare, BIN))
    assert light.returncode == full.returncode == 0, light.stderr + full.stderr
    ours, theirs = (json.loads(each.stdout) for each in (light, full))
    assert ours.pop("seconds")
    assert theirs.pop("seconds")
    assert ours == theirs


def test_a_folder_of_results_needs_no_extra(bare, folder, tmp_path):
    done = command(bare, folder, "formation-factor", "rock.npy", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "results.json").is_file()


@pytest.mark.parametrize(
    ("extra", "arguments"),
    [
        ("networks", ("network", "rock.npy", "--voxel-size", "5e-6", "-o", "out")),
        ("networks", ("size-factors", "rock.npy", "--voxel-size", "5e-6", "-o", "out")),
        ("conductance", ("size-factors", "rock.npy", "--voxel-size", "5e-6", "--model", "model")),
        ("properties", ("properties", "rock.tif", "--voxel-size", "5e-6", "--model", "model")),
        ("cores", ("generate", "--model", "model", "-o", "out")),
        ("cores", ("score", "rock.tif", "rock.tif")),
        ("formats", ("check", "rock.nrrd")),
    ],
)
def test_a_missing_extra_is_one_line_that_names_it(bare, folder, extra, arguments):
    done = command(bare, folder, *arguments)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.endswith(f'pip install "poreops[{extra}]"\n')
    assert done.stderr.count("\n") == 1
    assert not (folder / "out").exists()


@pytest.mark.parametrize("model", ["load_model", "load_rock_model"])
def test_the_library_names_it_too(bare, folder, model):
    code = f"import poreops\nporeops.{model}('models:/any@champion')"
    done = subprocess.run(
        [bare / "python", "-c", code],
        cwd=folder, env=clean(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "poreops.errors.InputError: " in done.stderr
    assert 'pip install "poreops[' in done.stderr.splitlines()[-1]
