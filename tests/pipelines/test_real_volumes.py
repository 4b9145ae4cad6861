"""The volumes that data/conductance/volumes.csv lists are read as it says, or refused."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import tifffile

from poreops.errors import InputError

SCRIPT = Path(__file__).parents[2] / "pipelines/conductance/volumes.py"
HEAD = "name,path,voxel_size_m,pore_label\n"


@pytest.fixture
def read(tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)

    def call(rows):
        Path("data/conductance/volumes.csv").write_text(HEAD + rows)
        return runpy.run_path(str(SCRIPT))["real_volumes"]()

    return call


def test_labels_and_voxel_sizes_of_the_table(read, capsys):
    im = np.random.default_rng(0).integers(0, 3, (6, 7, 8)).astype(np.uint8)
    np.save("data/a.npy", im)
    tifffile.imwrite("data/b.tif", (im > 0).astype(np.uint8), imagej=True, resolution=(0.2, 0.2),
                     metadata={"axes": "ZYX", "spacing": 10.0, "unit": "um"})  # fmt: skip
    found = read('a,a.npy,5e-6,"1,2"\nb,b.tif,,\n')
    np.testing.assert_array_equal(found["real_a"], im > 0)
    np.testing.assert_array_equal(found["real_b"], np.repeat(im > 0, 2, 0))
    assert "b: warning: b.tif has voxels that are no cubes" in capsys.readouterr().out


def test_a_voxel_size_against_the_file_is_refused(read):
    tifffile.imwrite("data/b.tif", np.ones((5, 6, 7), np.uint8), imagej=True,
                     resolution=(0.2, 0.2),
                     metadata={"axes": "ZYX", "spacing": 5.0, "unit": "um"})  # fmt: skip
    with pytest.raises(InputError, match="b.tif states 5e-06"):
        read("b,b.tif,3e-6,\n")
    with pytest.raises(InputError, match="did you mean 3e-06"):
        read("b,b.tif,3,\n")
