"""A volume in chunks: labels that no chunk and no process changes, and work that is kept."""

import itertools
import os
import signal
from dataclasses import dataclass

import edt
import numpy as np
import pytest
import scipy.ndimage as spim
from hypothesis import given, settings
from hypothesis import strategies as st

from poreops.base.hdf5 import read_hdf5
from poreops.conduits.large.chunks import Chunks
from poreops.conduits.large.flood import LABEL, flood, no_states
from poreops.conduits.large.job import Job
from poreops.conduits.large.partition import partition_in_chunks, prepared
from poreops.conduits.markers import markers
from poreops.conduits.partition import partition, touching_pairs
from poreops.errors import InputError
from poreops.synthetic.sample import sample_rock


@pytest.fixture(scope="module")
def rock():
    """Grains, with two closed pores that chunks of 12 and 24 cut, one of them small."""
    im = sample_rock(48, porosity=0.4, seed=3)[:44, :40]
    im[8:30, 8:30, 8:30] = False
    im[11:27, 20:23, 23:26] = True
    im[24, 11, 12] = True
    return im


def labelled(regions, shape):
    labels = np.full(shape, -1, np.int32)
    for box, part in regions.blocks():
        labels[tuple(slice(a, b) for a, b in box)] = part
    return labels


def chunked(im, folder, edge, *, r_max=4, sigma=0.4, **options):
    job = prepared(lambda: [im], im.shape, folder, edge=edge, r_max=r_max, sigma=sigma)
    regions = partition_in_chunks(job, **options)
    return labelled(regions, im.shape), regions


def seen_by(job):
    """The squared distances, peaks and tops that the chunks of a job found, of the volume."""
    squared, lists = np.zeros(job.chunks.shape), {"peaks": [], "tops": []}
    for index in range(len(job.chunks)):
        found, _ = read_hdf5(job.peaks(index))
        squared[tuple(slice(a, b) for a, b in job.chunks.box(index))] = found["squared"]
        for name, parts in lists.items():
            parts.append(found[name])
    return squared, *(np.unique(np.concatenate(parts)) for parts in lists.values())


def test_labels_are_the_same_for_any_chunks(rock, tmp_path):
    whole, regions = chunked(rock, tmp_path / "1", 48)
    assert regions.rounds == (1,)
    np.testing.assert_array_equal(whole > 0, rock)
    np.testing.assert_array_equal(np.unique(whole), np.arange(regions.count + 1))
    np.testing.assert_array_equal(regions.conns, touching_pairs(whole))
    for edge, count in ((24, 8), (12, 64)):
        found, parts = chunked(rock, tmp_path / str(edge), edge)
        assert len(parts.job.chunks) == count
        assert len(parts.rounds) > 1
        np.testing.assert_array_equal(found, whole)
        np.testing.assert_array_equal(parts.conns, regions.conns)
        assert (parts.marked, parts.closed) == (regions.marked, regions.closed)


def test_regions_are_those_of_the_whole_image_but_for_ties(rock, tmp_path):
    found, regions = chunked(rock, tmp_path, 16)
    whole = partition(rock)
    assert regions.count == whole.count
    assert regions.closed > 0
    # the markers agree voxel by voxel; both floods keep them
    seeds, count = markers(edt.edt(rock), r_max=4, sigma=0.4)
    assert count == regions.marked
    np.testing.assert_array_equal(found[seeds > 0], seeds[seeds > 0])
    np.testing.assert_array_equal(found > count, whole.labels > count)
    assert (found != whole.labels)[rock].mean() < 0.03
    for region, box in enumerate(spim.find_objects(found), start=1):
        assert spim.label(found[box] == region)[1] == 1


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**16), share=st.floats(0.3, 0.95), sigma=st.sampled_from([0, 0.4, 1]))
def test_noise_is_partitioned_alike_in_any_chunks(tmp_path_factory, seed, share, sigma):
    im = np.random.default_rng(seed).random((11, 9, 10)) < share
    if im.all() or not im.any():
        return
    labels = [
        chunked(im, tmp_path_factory.mktemp("noise"), edge, r_max=2, sigma=sigma)[0]
        for edge in (11, 6)
    ]
    np.testing.assert_array_equal(*labels)


@pytest.mark.parametrize("name", ["slit", "wide pore"])
def test_a_chunk_reads_as_far_as_its_answer_depends_on(name, tmp_path):
    """A peak as long as the volume, and solid farther away than the first look."""
    im = np.zeros((100, 20, 60), bool)
    if name == "slit":
        # a pore beside it, whose number is another where the slit has no marker
        im[:, 3:7] = True
        im[30:36, 10:18, 20:30] = True
    else:
        x, _, z = np.indices(im.shape)
        im[(x - 50) ** 2 + (z - 30) ** 2 < 28**2] = True
    # without a Gaussian the middle of the slit is one peak
    whole, regions = chunked(im, tmp_path / "whole", 100, sigma=0)
    found, parts = chunked(im, tmp_path / "parts", 20, sigma=0)
    np.testing.assert_array_equal(found, whole)
    assert parts.marked == regions.marked == parts.count == partition(im, sigma=0).count
    distances_and_peaks = [seen_by(run.job) for run in (regions, parts)]
    np.testing.assert_array_equal(distances_and_peaks[0][0], edt.edtsq(im))
    for one, other in zip(*distances_and_peaks, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_flood_from_the_final_states_is_the_final_flood(rock):
    """A part that is flooded again from what lies round it does not change."""
    squared = np.rint(edt.edtsq(rock)).astype(np.int32)
    seeds, _ = markers(np.sqrt(squared).astype(np.float32), r_max=4, sigma=0.4)
    whole = flood(squared, seeds, no_states(rock.shape))
    part = (slice(9, 31), slice(5, 30), slice(12, 40))
    grown = (slice(8, 32), slice(4, 31), slice(11, 41))
    states = whole[(slice(None), *grown)].copy()
    states[(slice(None), *[slice(1, -1)] * 3)] = 0
    again = flood(squared[part], seeds[part], states)
    np.testing.assert_array_equal(again, whole[(slice(None), *part)])


def test_a_pore_goes_to_the_marker_that_it_is_reached_from_first():
    """Two basins joined by a neck: the watershed lies at the neck, whatever the order of work."""
    height = np.array([9, 7, 5, 3, 1, 2, 4, 6, 8], np.int32)
    seeds = np.where(height >= 8, [2, 0, 0, 0, 0, 0, 0, 0, 1], 0).astype(np.int32)
    squared, seeds = height.reshape(9, 1, 1), seeds.reshape(9, 1, 1)
    states = flood(squared, seeds, no_states((9, 1, 1)))[:, :, 0, 0]
    # the neck is reached from 3 before it is from 2
    assert states[LABEL].tolist() == [2, 2, 2, 2, 2, 1, 1, 1, 1]
    assert states[0].tolist() == height.tolist()
    # a hollow without a marker is flooded at the level of its sill
    squared[2:5] = np.array([5, 7, 6]).reshape(3, 1, 1)
    states = flood(squared, seeds * (seeds == 2), no_states((9, 1, 1)))[:, :, 0, 0]
    assert states[0].tolist() == [9, 7, 5, 5, 5, 2, 2, 2, 2]
    assert states[1].tolist() == [0, 0, 0, 1, 2, 0, 1, 2, 3]


def test_what_was_finished_is_not_repeated(rock, tmp_path, monkeypatch):
    folder = tmp_path / "chunks"
    whole, _ = chunked(rock, tmp_path / "whole", 48)

    def interrupted(job, index):
        if index == 5:
            raise KeyboardInterrupt
        return find(job, index)

    find = Job.find_peaks
    monkeypatch.setattr(Job, "find_peaks", interrupted)
    with pytest.raises(KeyboardInterrupt):
        chunked(rock, folder, 24)
    finished = {file.name: file.stat().st_mtime_ns for file in folder.glob("*.h5")}
    assert set(finished) == {"pores.h5", *(f"peaks-{n}.h5" for n in range(5))}
    monkeypatch.setattr(Job, "find_peaks", find)
    found, _ = chunked(rock, folder, 24)
    np.testing.assert_array_equal(found, whole)
    assert all((folder / name).stat().st_mtime_ns == then for name, then in finished.items())
    # another radius is another job
    chunked(rock, folder, 24, r_max=6)
    assert (folder / "pores.h5").stat().st_mtime_ns > finished["pores.h5"]


@dataclass(frozen=True)
class DyingJob(Job):
    """A job whose worker is killed in the middle of one chunk."""

    def find_peaks(self, index):
        with (self.folder / "log.txt").open("a") as log:
            log.write(f"{index}\n")
        if index == 3 and not (self.folder / "died").exists():
            (self.folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        super().find_peaks(index)


@pytest.mark.slow
def test_a_killed_worker_costs_its_chunk(rock, tmp_path):
    im = rock[:24]
    whole, _ = chunked(im, tmp_path / "whole", 48)
    job = prepared(lambda: [im], im.shape, tmp_path / "two", edge=24, r_max=4, sigma=0.4)
    regions = partition_in_chunks(
        DyingJob(job.folder, job.chunks, job.r_max, job.sigma), processes=2
    )
    assert (job.folder / "died").exists()
    np.testing.assert_array_equal(labelled(regions, im.shape), whole)
    tries = (job.folder / "log.txt").read_text().split()
    assert sorted(set(tries)) == ["0", "1", "2", "3"]
    assert tries.count("3") > 1


def test_a_volume_comes_in_layers_of_any_number(rock, tmp_path):
    """The file holds what was given, and a file that ends early is refused."""
    tall = np.concatenate([rock, ~rock, rock])

    def layers(im):
        return [im[a:b] for a, b in itertools.pairwise([0, 7, 70, 71, 130, 140]) if a < len(im)]

    whole, _ = chunked(tall, tmp_path / "one", 132)
    job = prepared(
        lambda: layers(tall), tall.shape, tmp_path / "many", edge=132, r_max=4, sigma=0.4
    )
    np.testing.assert_array_equal(labelled(partition_in_chunks(job), tall.shape), whole)
    for part, rule in ((tall[:100], "it holds 100 of 132 layers"), (tall & False, "got no pore"),
                       (tall | True, "got no solid")):  # fmt: skip
        with pytest.raises(InputError, match=rule):
            prepared(
                lambda part=part: [part], tall.shape, tmp_path / "x", edge=64, r_max=4, sigma=0.4
            )
        assert not (tmp_path / "x").exists()


def test_chunks_tile_the_volume():
    chunks = Chunks((10, 7, 5), 4)
    assert len(chunks) == 3 * 2 * 2
    seen = np.zeros(chunks.shape, int)
    for index in range(len(chunks)):
        seen[tuple(slice(a, b) for a, b in chunks.box(index))] += 1
        for axis in range(3):
            other = chunks.neighbour(index, axis, True)
            assert other is None or chunks.neighbour(other, axis, False) == index
    assert (seen == 1).all()
    voxels = np.arange(seen.size)
    for index in range(len(chunks)):
        box = chunks.box(index, 1)
        mine = voxels[chunks.owner(voxels) == index]
        np.testing.assert_array_equal(chunks.flat(chunks.inside(mine, box), box), mine)
