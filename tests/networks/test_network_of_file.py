"""A network of a file is that of the regions in it, whatever the chunks and processes."""

import os
import signal
from dataclasses import dataclass
from functools import cache

import h5py
import numpy as np
import pytest
from prisms import VOXEL

import poreops
from poreops.conduits.crop import conduit_boxes, crop_conduit
from poreops.conduits.joined import regions_in_pieces
from poreops.conduits.large.groups import grouped, read_group, read_surrounded, stored_contacts
from poreops.conduits.large.stored_labels import StoredLabels
from poreops.conduits.partition import Regions, partition, touching_pairs
from poreops.errors import InputError
from poreops.networks import large
from poreops.networks.network import network_of_regions
from poreops.synthetic.sample import sample_rock


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("POREOPS_WORKERS", "1")


@pytest.fixture(scope="module")
def regions():
    """A partition with a region of two pieces, regions that touch none, and a wide pore."""
    im = sample_rock(48, porosity=0.3, seed=3)[:44, :40]
    im[4:24, 4:24, 2:22] = False
    im[12:15, 12:14, 9:12] = True
    x, y, z = np.indices(im.shape)
    im[(x - 30) ** 2 + (y - 22) ** 2 + (z - 30) ** 2 < 10**2] = True
    labels = partition(im).labels
    labels[labels == labels.max()] = 1
    return Regions(labels, touching_pairs(labels))


@pytest.fixture(scope="module")
def path(regions, tmp_path_factory):
    path = tmp_path_factory.mktemp("labels") / "labels.h5"
    regions.save(path)
    return path


@pytest.fixture(scope="module")
def expected(regions):
    """Return the network in memory by a method, which is built once."""
    return cache(
        lambda method: network_of_regions(regions, VOXEL, method, workers=1, transport="both")
    )


def assert_same(found, expected):
    """Bit for bit: arrays of OpenPNM, size factors, and what is solved on them."""
    assert set(found.openpnm) == set(expected.openpnm)
    for name in expected.openpnm:
        np.testing.assert_array_equal(found.openpnm[name], expected.openpnm[name], err_msg=name)
    np.testing.assert_array_equal(found.size_factors, expected.size_factors)
    np.testing.assert_array_equal(found.hydraulic_size_factors, expected.hydraulic_size_factors)
    assert (found.method, found.walls, found.warnings) == (
        expected.method, expected.walls, expected.warnings,
    )  # fmt: skip
    assert found.formation_factor("x") == expected.formation_factor("x")


@pytest.mark.parametrize(
    ("method", "edge"),
    [("dns", 16), ("geometry", 8), ("geometry", 48), ("shape-factor", 16), ("geometry", 21)],
)
def test_a_network_of_a_file_is_that_of_its_regions(path, expected, method, edge):
    found = large.network_of_file(path, VOXEL, method, edge=edge, transport="both")
    assert_same(found, expected(method.replace("-", "_")))
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert str(found).startswith("<PoreNetwork 44 x 40 x 48 voxels")


class VolumeModel:
    """Predicts the cube root of a conduit's pores, and is less sure of large ones."""

    target, walls, convention, coverage = "diffusive", None, "centroid", 0.9

    def conduit_intervals(self, crops):
        sizes = np.array([np.count_nonzero(crop) for crop in crops])
        return np.cbrt(sizes), sizes / 1e4

    def conduit_size_factors(self, crops):
        return self.conduit_intervals(crops)[0]


def test_a_model_states_in_a_file_what_it_does_in_memory(path, regions):
    inside = network_of_regions(regions, VOXEL, "model", VolumeModel())
    found = large.network_of_file(path, VOXEL, "model", VolumeModel(), edge=16)
    assert_same(found, inside)
    assert found.sureness.coverage == 0.9
    for name in ("half_widths", "simulated"):
        np.testing.assert_array_equal(
            getattr(found.sureness, name), getattr(inside.sureness, name)
        )


def test_a_throat_is_as_wide_as_the_solid_beyond_its_box_leaves_it(tmp_path):
    """Cubes of one wide pore: the solid next to most of them lies far outside what is read."""
    x, y, z = np.indices((64, 64, 64), np.int32) - 2
    inside = (x >= 0) & (x < 60) & (y >= 0) & (y < 60) & (z >= 0) & (z < 60)
    labels = np.where(inside, 1 + x // 10 + 6 * (y // 10 + 6 * (z // 10)), 0).astype(np.int32)
    regions = Regions(labels, touching_pairs(labels))
    regions.save(tmp_path / "cubes.h5")
    found = large.network_of_file(tmp_path / "cubes.h5", VOXEL, "geometry", edge=22)
    widest = found.openpnm["throat.inscribed_diameter"].max()
    assert widest == pytest.approx(60 * VOXEL, rel=0.02)
    assert_same(found, network_of_regions(regions, VOXEL, "geometry"))


def test_the_sample_holds_what_is_hard(path, regions):
    stored = StoredLabels(path)
    groups = grouped(stored, stored_contacts(stored), 16)
    # conduits reach over chunks, regions lie in other groups than their conduits
    assert any(b - a > 16 for group in groups for a, b in group.box)
    assert any(len(group.owned) < len(group.regions) for group in groups)
    assert len(np.setdiff1d(np.arange(regions.count), regions.conns))
    np.testing.assert_array_equal(np.flatnonzero(regions_in_pieces(regions.labels)), [0])
    assert (regions.conns == 0).any()
    for field, count in (("throats", len(regions.conns)), ("faces", len(stored_contacts(stored)))):
        rows = np.concatenate([getattr(group, field) for group in groups])
        np.testing.assert_array_equal(np.sort(rows), np.arange(count))


def test_conduits_of_a_file_are_those_of_its_regions(path, regions):
    boxes, numbers = conduit_boxes(regions.labels, regions.conns), []
    for conduit in poreops.conduits_of_file(path, edge=16):
        numbers.append(conduit.number)
        np.testing.assert_array_equal(conduit.conn, regions.conns[conduit.number])
        np.testing.assert_array_equal(conduit.box, boxes[conduit.number])
        crop = crop_conduit(regions.labels, conduit.conn, conduit.box)
        np.testing.assert_array_equal(conduit.crop, crop)
    assert sorted(numbers) == list(range(len(regions.conns)))


def test_what_is_read_at_once_depends_on_the_chunks_and_not_on_the_volume(tmp_path, monkeypatch):
    """Conduits of a pack that is repeated four and eight times."""
    one = sample_rock(32, porosity=0.4, seed=5)
    most = {}
    for times in (4, 8):
        labels = partition(np.concatenate([one, one[::-1]] * times)).labels
        path = tmp_path / f"{times}.h5"
        Regions(labels, touching_pairs(labels)).save(path)
        read = []

        def box(self, lower, upper, read=read, ask=StoredLabels.box):
            read.append(int(np.prod(np.subtract(upper, lower))))
            return ask(self, lower, upper)

        stored = StoredLabels(path)
        groups = grouped(stored, stored_contacts(stored), 16)
        with monkeypatch.context() as patch:
            patch.setattr(StoredLabels, "box", box)
            for group in groups:
                read_surrounded(stored, group)
                read_group(stored, group)
        assert len(read) >= 2 * len(groups)
        most[times] = max(read), labels.size
    assert most[8][1] == 2 * most[4][1]
    assert most[8][0] < 1.1 * most[4][0] < most[4][1] / 2


def test_finished_groups_are_not_solved_again(path, expected, tmp_path, monkeypatch):
    solve, seen = large.ConduitJob.solve, []

    def counted(job, group):
        seen.append(group.index)
        if len(seen) == 4:
            raise KeyboardInterrupt
        solve(job, group)

    monkeypatch.setattr(large.ConduitJob, "solve", counted)
    asked = {"edge": 16, "transport": "both", "folder": tmp_path / "rows"}
    with pytest.raises(KeyboardInterrupt):
        large.network_of_file(path, VOXEL, "geometry", **asked)
    assert len(list((tmp_path / "rows").glob("group-*.h5"))) == 3
    first, seen[:] = seen[:3], [-1] * 4
    found = large.network_of_file(path, VOXEL, "geometry", **asked)
    assert_same(found, expected("geometry"))
    assert len(seen) > 4
    assert not set(first) & set(seen[4:])
    assert not (tmp_path / "rows").exists()


def test_rows_of_another_job_are_not_taken(path, expected, tmp_path, monkeypatch):
    def broken(*_):
        raise KeyboardInterrupt

    folder = tmp_path / "rows"
    with monkeypatch.context() as patch:
        patch.setattr(large, "_network", broken)
        with pytest.raises(KeyboardInterrupt):
            large.network_of_file(path, VOXEL, "geometry", edge=16, folder=folder)
    found = large.network_of_file(
        path, VOXEL, "shape_factor", edge=16, transport="both", folder=folder
    )
    assert_same(found, expected("shape_factor"))
    folder.mkdir()
    (folder / "thesis.txt").touch()
    with pytest.raises(InputError, match="holds something else; choose another"):
        large.network_of_file(path, VOXEL, "geometry", folder=folder)
    assert (folder / "thesis.txt").exists()


@dataclass(frozen=True)
class DyingJob(large.ConduitJob):
    """A job whose worker is killed in the middle of one group."""

    def solve(self, group):
        with (self.folder / "log.txt").open("a") as log:
            log.write(f"{group.index}\n")
        if group.index == 3 and not (self.folder / "died").exists():
            (self.folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        super().solve(group)


@pytest.mark.slow
def test_a_killed_worker_of_two_costs_its_group(path, expected, monkeypatch):
    monkeypatch.setattr(large, "ConduitJob", DyingJob)
    tries = []
    network = large._network

    def kept(job, *given):
        tries.extend((job.folder / "log.txt").read_text().split())
        return network(job, *given)

    monkeypatch.setattr(large, "_network", kept)
    found = large.network_of_file(path, VOXEL, "geometry", workers=2, edge=24, transport="both")
    assert_same(found, expected("geometry"))
    assert tries.count("3") > 1


def test_what_is_no_network_is_one_line(path, regions, tmp_path):
    def refused(rule, labels=path, voxel_size=VOXEL, method="geometry", **more):
        with pytest.raises(InputError, match=rule) as error:
            large.network_of_file(labels, voxel_size, method, **more)
        assert "\n" not in str(error.value)

    refused("voxel size must be known", voxel_size=None)
    refused("looks at each conduit alone, got 'auto'", method="auto")
    refused("method 'model' needs a model", method="model")
    refused("must be a URI, got object", method="model", model=object(), workers=2)
    refused("edge must be", edge=4)
    refused("must exist", labels=tmp_path / "none.h5")
    for name, change, rule in (
        (
            "gap",
            lambda labels, _: (np.where(labels == 3, 2, labels), [[0, 1]]),
            "no voxel of label 3",
        ),
        (
            "apart",
            lambda labels, _: (labels, [[0, regions.count - 1]]),
            "pairs of touching regions",
        ),
        ("beyond", lambda labels, _: (labels, [[0, regions.count]]), "conns must be pairs of 0"),
        (
            "none",
            lambda labels, _: (labels, np.zeros((0, 2), int)),
            "needs two regions that touch",
        ),
    ):
        labels, conns = change(regions.labels, regions.conns)
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file["labels"], file["conns"] = labels, conns
        refused(rule, labels=tmp_path / f"{name}.h5")


def test_a_group_that_does_not_fit_is_refused(path, monkeypatch):
    monkeypatch.setattr("poreops.machine.memory.available_memory", lambda: 10**5)
    with pytest.raises(
        InputError, match=r"a group of conduits in a box of \d+ x .*smaller chunks"
    ):
        large.network_of_file(path, VOXEL, "geometry", edge=16)
