"""HDF5 and MATLAB arrays are read in their owner's order; voxels that are not there are named."""

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.io import savemat

from poreops.errors import InputError
from poreops.images.grey_stack import read_stack
from poreops.images.read import read_volume

each_example = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
BINARY = hnp.arrays(
    np.bool_, hnp.array_shapes(min_dims=2, max_dims=3, min_side=2, max_side=7)
).filter(lambda im: im.any())


@pytest.fixture
def block():
    im = np.random.default_rng(5).random((12, 20, 30)) < 0.4
    return im.astype(np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name, im, **options):
    with h5py.File(name, "w") as root:
        root.create_dataset("im", data=im, **options)


def check(name, im, **options):
    np.testing.assert_array_equal(read_volume(name, **options).image, im > 0)


def refused(name, match):
    with pytest.raises(InputError, match=match) as caught:
        read_volume(name)
    assert "\n" not in str(caught.value)


# MATLAB


@each_example
@given(im=BINARY, kind=st.sampled_from(["uint8", "logical", "double", "int16", "single"]))
def test_matlab_arrays_keep_their_order(tmp_path, im, kind):
    dtype = {"logical": "uint8", "double": "f8", "single": "f4"}.get(kind, kind)
    for name in ("new.mat", "new.h5"):
        with h5py.File(tmp_path / name, "w", userblock_size=512) as root:
            stored = root.create_dataset("rock", data=im.T.astype(dtype))
            stored.attrs["MATLAB_class"] = np.bytes_(kind)
            root["#refs#/a"] = np.zeros(3)
        check(tmp_path / name, im)
        # MATLAB has no array of one axis
        np.testing.assert_array_equal(
            read_stack(tmp_path / name).image.reshape(im.shape).astype(bool), im
        ) if im.shape[-1] not in {3, 4} else None
    savemat(tmp_path / "old.mat", {"rock": im if kind == "logical" else im.astype(dtype)})
    check(tmp_path / "old.mat", im)


@pytest.mark.parametrize("kind", ["char", "cell", "struct"])
def test_matlab_texts_and_structures_are_refused(folder, kind, block):
    with h5py.File("a.mat", "w") as root:
        root["im"] = block
        root["im"].attrs["MATLAB_class"] = np.bytes_(kind)
    refused("a.mat", f"is a MATLAB {kind}")
    value = {"char": "text", "cell": np.array([block, 1], dtype=object), "struct": {"a": block}}
    savemat("old.mat", {"im": value[kind]})
    refused("old.mat", f"is a MATLAB {kind}")


def test_broken_matlab_files(folder, block):
    savemat("a.mat", {"im": block, "other": 1})
    check("a.mat:im", block)
    content = (folder / "a.mat").read_bytes()
    for length in (0, 5, 130, 3000):
        (folder / "a.mat").write_bytes(content[:length])
        refused("a.mat", r"a\.mat")


# links


def test_links_are_followed(folder, block):
    with h5py.File("scan.nxs", "w") as root:
        root["entry/detector/image"] = block
        root["entry/data"] = h5py.SoftLink("/entry/detector")
        root["entry/up"] = h5py.SoftLink("/")
        root["entry/again"] = root["entry/detector/image"]
    with h5py.File("ext.h5", "w") as root:
        root["im"] = h5py.ExternalLink("scan.nxs", "/entry/detector/image")
    with h5py.File("group.h5", "w") as root:
        root["scan"] = h5py.ExternalLink("scan.nxs", "/entry/detector")
    for name in (
        "scan.nxs", "scan.nxs:/entry/data/image", "scan.nxs:/entry/data", "ext.h5", "ext.h5:/im",
        "scan.nxs:/entry/up/entry/detector/image", "group.h5", "group.h5:/scan/image",
    ):  # fmt: skip
        check(name, block)


def test_links_that_lead_nowhere_are_named(folder, block):
    with h5py.File("a.h5", "w") as root:
        root["im"] = h5py.SoftLink("/not/there")
        root["rock"] = block
    with h5py.File("b.h5", "w") as root:
        root["im"] = h5py.ExternalLink("gone.h5", "/im")
    with h5py.File("c.h5", "w") as root:
        root["im"] = h5py.ExternalLink("a.h5", "/nothing")
    refused("a.h5", "im of a.h5 leads to /not/there, which is not there")
    refused("b.h5", "leads to /im in the file gone.h5, which is not there")
    refused("c.h5:/im", "leads to /nothing in the file a.h5")
    refused("a.h5:/rock/deeper", "there is no 'rock/deeper'")
    check("a.h5:/rock", block)


# voxels that are in no file


def test_what_was_never_written_is_named(folder, block):
    with h5py.File("chunks.h5", "w") as root:
        stored = root.create_dataset("im", block.shape, "u1", chunks=(4, 20, 30))
        stored[:8] = block[:8]
    with h5py.File("none.h5", "w") as root:
        root.create_dataset("im", block.shape, "u1")
    refused("chunks.h5", "never written in im of chunks.h5: 1 of 3 chunks")
    refused("none.h5", "never written in im of none.h5: all of it")
    write("whole.h5", block, chunks=(5, 7, 11), compression="gzip", shuffle=True)
    check("whole.h5", block)


def test_external_files(folder, block):
    with h5py.File("a.h5", "w") as root:
        stored = root.create_dataset(
            "im", block.shape, "u1", external=[("v.bin", 0, block.nbytes)]
        )
        stored[...] = block
    check("a.h5", block)
    content = (folder / "v.bin").read_bytes()
    (folder / "v.bin").write_bytes(content[:-1])
    refused("a.h5", "external file v.bin, which is too short")
    (folder / "v.bin").unlink()
    refused("a.h5", "external file v.bin, which is missing")


def virtual(name, shape, sources):
    layout = h5py.VirtualLayout(shape, "u1")
    for where, source in sources:
        layout[where] = source
    with h5py.File(name, "w") as root:
        root.create_virtual_dataset("im", layout)


def test_virtual_datasets(folder, block):
    write("p0.h5", block[:6])
    write("p1.h5", block[6:])
    one, other = (h5py.VirtualSource(f"p{k}.h5", "im", (6, 20, 30)) for k in (0, 1))
    first, last, whole = slice(0, 6), slice(6, 12), block.shape
    virtual("good.h5", whole, [(first, one), (last, other)])
    check("good.h5", block)
    virtual("turns.h5", whole, [(slice(0, 12, 2), one), (slice(1, 12, 2), other)])
    mixed = np.empty_like(block)
    mixed[::2], mixed[1::2] = block[:6], block[6:]
    check("turns.h5", mixed)
    virtual("half.h5", whole, [(first, one)])
    refused("half.h5", "half.h5: 50.0% of the voxels")
    virtual("twice.h5", whole, [(first, one), (first, other)])
    refused("twice.h5", "twice.h5: 50.0% of the voxels")
    virtual("small.h5", whole, [(slice(0, 12), h5py.VirtualSource("p0.h5", "im", whole))])
    refused("small.h5", "source im in the file p0.h5 is too small")
    virtual("nested.h5", whole, [(slice(0, 12), h5py.VirtualSource("half.h5", "im", whole))])
    refused("nested.h5", "never written in im of half.h5")
    virtual(
        "name.h5", whole, [(first, one), (last, h5py.VirtualSource("p1.h5", "x", (6, 20, 30)))]
    )
    refused("name.h5", "source x in the file p1.h5 is missing")
    (folder / "p1.h5").unlink()
    refused("good.h5", "source im in the file p1.h5 is missing")


@each_example
@given(shape=hnp.array_shapes(min_dims=2, max_dims=3, min_side=2, max_side=6), data=st.data())
def test_the_share_of_a_virtual_array_that_has_no_source(shape, data):
    from poreops.images.hdf5 import _uncovered

    corner = st.tuples(*(st.integers(0, n - 1) for n in shape))
    pairs = data.draw(st.lists(st.tuples(corner, corner), max_size=4))
    boxes = [(np.minimum(a, b), np.maximum(a, b)) for a, b in pairs]
    painted = np.zeros(shape, bool)
    for low, high in boxes:
        painted[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))] = True
    assert _uncovered(shape, boxes) == pytest.approx(1 - painted.mean(), abs=1e-12)


# what is no image


@pytest.mark.parametrize(
    ("value", "match"),
    [
        (np.zeros((3, 4), dtype=[("a", "i4"), ("b", "f4")]), "must hold labels"),
        (["a", "b"], "must hold labels"),
        (np.zeros((3, 3), np.complex64), "must hold labels"),
        (h5py.Empty("u1"), "is an empty dataset"),
        (np.zeros((0, 3, 3), "u1"), "2 or 3 axes"),
        (3, "2 or 3 axes"),
        (np.ones((2, 5, 6, 7), "u1"), r"\(2, 5, 6, 7\)"),
    ],
)
def test_what_is_no_image(folder, value, match):
    write("a.h5", value)
    refused("a.h5", match)


def test_extra_axes_of_one_voxel(folder, block):
    for more, axes in (
        ((0,), "1, 2, 3"),
        ((3,), "0, 1, 2"),
        ((1,), "0, 2, 3"),
        ((0, 1), "2, 3, 4"),
    ):
        write("a.h5", np.expand_dims(block, more))
        (warning,) = read_volume("a.h5").reading.warnings
        assert f"array axes {axes} were taken as x, y, z" in warning
        check("a.h5", block)
    write("a.h5", block[None, :, None, 0])
    volume = read_volume("a.h5")
    assert volume.image.shape == (12, 1, 30)
    assert "array axes 1, 2, 3" in volume.reading.warnings[0]


@pytest.mark.parametrize("dtype", ["bool", ">i2", "f2", "<u4", "i8"])
def test_types(folder, block, dtype):
    write("a.h5", block.astype(dtype))
    check("a.h5", block)


def test_labelled_axes(folder, block):
    write("a.h5", block[:5])
    with h5py.File("a.h5", "a") as root:
        for axis, label in enumerate(("channel", "y", "x")):
            root["im"].dims[axis].label = label
    refused("a.h5", "a.h5 has channels")
    with h5py.File("a.h5", "a") as root:
        root["im"].dims[0].label = "z"
    assert read_volume("a.h5").reading.axes == "ZYX"
