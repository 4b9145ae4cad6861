"""Volumes are drawn from seeds of their own; those of a table are read as it says, or refused."""

import numpy as np
import pytest
import tifffile

from poreops.conductance.volumes import drawn_volumes, real_volumes
from poreops.errors import InputError
from poreops.synthetic.spheres import ROLES, SpherePackConfig, VolumesConfig

HEAD = "name,path,voxel_size_m,pore_label\n"


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(rows):
        table = tmp_path / "volumes.csv"
        table.write_text(HEAD + rows)
        return real_volumes(table, print)

    return call


def test_labels_and_voxel_sizes_of_the_table(read, capsys):
    im = np.random.default_rng(0).integers(0, 3, (6, 7, 8)).astype(np.uint8)
    np.save("a.npy", im)
    tifffile.imwrite("b.tif", (im > 0).astype(np.uint8), imagej=True, resolution=(0.2, 0.2),
                     metadata={"axes": "ZYX", "spacing": 10.0, "unit": "um"})  # fmt: skip
    found = read('a,a.npy,5e-6,"1,2"\nb,b.tif,,\n')
    np.testing.assert_array_equal(found["real_a"], im > 0)
    np.testing.assert_array_equal(found["real_b"], np.repeat(im > 0, 2, 0))
    assert "b: warning: b.tif has voxels that are no cubes" in capsys.readouterr().out


def test_a_voxel_size_against_the_file_is_refused(read):
    tifffile.imwrite("b.tif", np.ones((5, 6, 7), np.uint8), imagej=True,
                     resolution=(0.2, 0.2),
                     metadata={"axes": "ZYX", "spacing": 5.0, "unit": "um"})  # fmt: skip
    with pytest.raises(InputError, match="b.tif states 5e-06"):
        read("b,b.tif,3e-6,\n")
    with pytest.raises(InputError, match="did you mean 3e-06"):
        read("b,b.tif,3,\n")


def test_every_role_has_volumes_of_its_own(monkeypatch):
    monkeypatch.setenv("POREOPS_WORKERS", "1")
    spheres = SpherePackConfig(
        shape=24, shape_2d=64, porosity=(0.6, 0.7), radius=(4, 5), radius_spread=0.1,
        radius_min=3, radius_bins=3,
    )  # fmt: skip
    config = VolumesConfig(seed=1, train=2, gate=1, unseen=1, network=1, ndim=2, spheres=spheres)
    drawn = drawn_volumes(config, print)
    assert set(drawn) == set(ROLES)
    images = {name: im for volumes, _ in drawn.values() for name, im in volumes.items()}
    assert set(images) == {"train_000", "train_001", "gate_000", "unseen_000", "network_000"}
    assert len({im.tobytes() for im in images.values()}) == 5
    seeds = [seed for _, of_role in drawn.values() for seed in of_role]
    assert len(set(seeds)) == 5
