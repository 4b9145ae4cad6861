"""The network of labels in a file is that of the labels in memory, however it is divided."""

import numpy as np
import pytest

from poreops.conduits.large.files import write_labels_hdf5
from poreops.conduits.large.stored_labels import StoredLabels
from poreops.conduits.partition import Regions, partition, touching_pairs
from poreops.errors import InputError, NotConvergedError
from poreops.networks.interface import ports
from poreops.networks.interface.large import solve
from poreops.networks.interface.large.answers import BlockJob
from poreops.networks.interface.large.network import (
    interface_network_of_file,
    network_in_groups,
)
from poreops.networks.interface.network import interface_network_of_regions
from poreops.synthetic.sample import sample_rock

MOST = 400  # voxels of a block: many regions of these samples are larger


def stored(path, labels):
    labels = np.ascontiguousarray(labels, dtype=np.int32)
    regions = Regions(labels, touching_pairs(labels))
    write_labels_hdf5(
        path, labels.shape, [((0, 0, 0), labels)], regions.conns, chunk=16,
        count=regions.count, voxel_size=None,
    )  # fmt: skip
    return StoredLabels(path), regions


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    im = np.ascontiguousarray(sample_rock(48, 0.35, seed=3)[:, :41, :37])
    return stored(tmp_path_factory.mktemp("stored") / "labels.h5", partition(im).labels)


@pytest.fixture(scope="module")
def whole(sample):
    """The network in memory, of linear modes."""
    patch = pytest.MonkeyPatch()
    patch.setattr(ports, "MOST_VOXELS", MOST)
    found = interface_network_of_regions(sample[1], rtol=None, level=1, workers=1)
    patch.undo()
    return found


def ends(network):
    return np.array([(one.lower, one.upper) for one in network.along])


@pytest.fixture(scope="module")
def divided(sample, tmp_path_factory):
    """The same from the file, in one group, in some and in many."""
    folder = tmp_path_factory.mktemp("divided")
    return [
        network_in_groups(sample[0], folder / f"{edge}", edge=edge, most=MOST, processes=1)
        for edge in (48, 24, 15)
    ]


def test_bounds_are_those_of_the_network_in_memory(divided, whole):
    assert (whole.gap_inside > 0).all()  # regions were cut
    assert [one.groups for one in divided] == [1, 6, 12]  # of 1, 8 and 27 cells
    for one in divided:
        assert whole.regions.count < one.blocks <= whole.blocks  # closed pores are left out
        np.testing.assert_allclose(ends(one), ends(whole), rtol=1e-9)


def test_groups_change_nothing(divided):
    first, *others = divided
    for one in others:
        np.testing.assert_allclose(ends(one), ends(first), rtol=1e-13)
        np.testing.assert_allclose(one.gap, first.gap, rtol=1e-6, atol=1e-12)
        assert (one.patches, one.modes) == (first.patches, first.modes)


def test_the_gaps_of_the_regions_add_up_to_the_width(divided):
    one = divided[0]
    assert (one.gap >= 0).all()
    np.testing.assert_allclose(one.gap.sum(axis=0), [each.width for each in one.along], rtol=1e-5)


def test_processes_change_nothing_and_finished_groups_are_not_repeated(
    sample, divided, tmp_path, monkeypatch
):
    labels, edge = sample[0], 24

    def of(processes):
        return network_in_groups(
            labels, tmp_path / "work", edge=edge, most=MOST, processes=processes
        )

    np.testing.assert_allclose(ends(of(2)), ends(divided[0]), rtol=1e-13)
    files = sorted((tmp_path / "work").glob("answers-*.h5"))
    files[3].unlink()
    made = []
    monkeypatch.setattr(
        BlockJob,
        "answer",
        lambda job, group, do=BlockJob.answer: (made.append(group), do(job, group)),
    )
    np.testing.assert_allclose(ends(of(1)), ends(divided[0]), rtol=1e-13)
    assert [f"answers-{group.number}.h5" for group in made] == [files[3].name]
    # answers of other modes are of no use
    network_in_groups(labels, tmp_path / "work", level=0, edge=edge, most=MOST, processes=1)
    assert len(made) == 1 + len(files)


def test_a_run_that_is_interrupted_goes_on(sample, divided, tmp_path, monkeypatch):
    def run():
        return network_in_groups(sample[0], tmp_path / "work", edge=24, most=MOST, processes=1)

    monkeypatch.setattr(solve, "_MOST_STEPS", 2)
    with pytest.raises(NotConvergedError, match="in 2 steps"):
        run()
    monkeypatch.setattr(solve, "_MOST_STEPS", 2000)
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "work").iterdir()}
    assert len(before) == divided[1].groups + 1  # a note beside the groups
    np.testing.assert_allclose(ends(run()), ends(divided[0]), rtol=1e-13)
    assert before == {file: file.stat().st_mtime_ns for file in (tmp_path / "work").iterdir()}


def test_an_axis_without_a_way_and_a_pore_through_the_image(tmp_path):
    labels = np.zeros((17, 12, 9), dtype=int)
    labels[:, 1:4, 2:6] = np.repeat([1, 2, 3, 4], [2, 5, 9, 1])[:, None, None]
    labels[:, 6:8, 3:5] = 5  # one region from face to face, of no throat
    labels[3:5, 9:, 7:] = 6  # at two faces, joined to none
    labels[9, 10, 0] = 7
    file, regions = stored(tmp_path / "labels.h5", labels)
    memory = interface_network_of_regions(regions, rtol=None, level=1, workers=1)
    found = interface_network_of_file(file.path, edge=6, workers=1)
    # prisms side by side: a section of 12 and one of 4 voxels
    assert found.along[0].lower == pytest.approx(12 * 9 / 16, rel=1e-11)
    assert found.along[0].upper == pytest.approx(12 * 9 / 16, rel=1e-11)
    np.testing.assert_allclose(ends(found), ends(memory), rtol=1e-11)
    assert not found.along[1].percolates
    assert found.along[0].porosity == pytest.approx((labels > 0).mean())
    assert not (tmp_path / ".labels.h5.blocks").exists()


def test_nothing_flows_through_closed_pores(tmp_path):
    labels = np.zeros((6, 6, 6), dtype=int)
    labels[2:4, 2:4, 2:4] = 1
    found = interface_network_of_file(stored(tmp_path / "a.h5", labels)[0].path, workers=1)
    assert [one.percolates for one in found.along] == [False] * 3
    assert found.blocks == 0


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"level": 4}, "level must"),
        ({"edge": 0}, "edge must"),
        ({"voxel_size": -1.0}, "voxel size must"),
    ],
)
def test_arguments_out_of_their_range_are_refused(sample, options, rule):
    with pytest.raises(InputError, match=rule):
        interface_network_of_file(sample[0].path, workers=1, **options)
    assert not sample[0].path.with_name(".labels.h5.blocks").exists()


def test_multigrid_in_place_of_a_factor_changes_nothing(sample, divided, tmp_path, monkeypatch):
    monkeypatch.setattr(solve, "_DIRECT", 50)
    found = network_in_groups(sample[0], tmp_path / "work", edge=48, most=MOST, processes=1)
    np.testing.assert_allclose(ends(found), ends(divided[0]), rtol=1e-9)
