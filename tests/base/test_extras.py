"""Extras: a missing one is named, and the solvers need none."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import numpy as np
import pytest

import poreops
from poreops.base.extras import EXTRAS, needs
from poreops.errors import InputError


@pytest.fixture(scope="module")
def pyproject(project):
    return tomllib.loads((project / "pyproject.toml").read_text())["project"]


def name_of(requirement):
    return normal(re.split(r"[^\w.-]", requirement)[0])


def normal(name):
    """Return the one spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def extra_of_itself(requirement):
    return re.fullmatch(r"poreops\[(.+)\]", requirement)


def distributions(pyproject, extra):
    """Return what an extra installs, the extras that it takes in included."""
    found = set()
    for requirement in pyproject["optional-dependencies"][extra]:
        if own := extra_of_itself(requirement):
            for other in own.group(1).split(","):
                found |= distributions(pyproject, other)
        else:
            found.add(name_of(requirement))
    return found


def modules(distributed):
    installed = packages_distributions().items()
    return {module for module, names in installed if distributed & set(map(normal, names))}


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_installs_what_is_asked_of_it(pyproject, extra):
    assert set(EXTRAS[extra]) <= modules(distributions(pyproject, extra))
    needs(extra, "this test")


def test_all_takes_in_every_extra_of_users(pyproject):
    (own,) = map(extra_of_itself, pyproject["optional-dependencies"]["all"])
    assert set(own.group(1).split(",")) == set(EXTRAS)


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "openpnm", None)
    with pytest.raises(InputError) as caught:
        needs("networks", "a pore network")
    assert str(caught.value) == (
        "a pore network needs packages that are not installed (openpnm); "
        'pip install "poreops[networks]"'
    )


def test_a_folder_of_that_name_is_no_package(monkeypatch, tmp_path):
    # as mlflow/, where the pipeline keeps its runs
    (tmp_path / "simpleitk_as_folder").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("poreops.base.extras.EXTRAS", {"formats": ("simpleitk_as_folder",)})
    with pytest.raises(InputError, match="simpleitk_as_folder"):
        needs("formats", "a file")


@pytest.mark.parametrize(
    "arguments",
    [["formation-factor"], ["permeability", "--voxel-size", "5e-6"]],
    ids=["formation-factor", "permeability"],
)
@pytest.mark.parametrize("out", [[], ["-o", "out"]], ids=["printed", "written"])
def test_a_solver_imports_nothing_of_an_extra(pyproject, tmp_path, arguments, out):
    core = {name_of(requirement) for requirement in pyproject["dependencies"]}
    extras = set().union(*(distributions(pyproject, extra) for extra in EXTRAS)) - core
    unwanted = modules(extras) - modules(core)
    assert {"openpnm", "tensorflow", "mlflow", "pandas", "matplotlib"} <= unwanted
    np.save(tmp_path / "rock.npy", np.pad(np.ones((6, 2, 2), bool), ((0, 0), (1, 1), (1, 1))))
    code = (
        "import sys\nfrom poreops import cli\n"
        f"assert cli.run({[*arguments[:1], 'rock.npy', *arguments[1:], *out]}) == 0\n"
        f"print('imported', *sorted(set({sorted(unwanted)}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "imported"


def test_the_version_is_that_of_the_project_and_of_the_changelog(project, pyproject):
    newest = re.search(r"^## (\S+)", (project / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest.group(1) == pyproject["version"] == poreops.__version__
