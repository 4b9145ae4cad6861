"""Zarr and OME-Zarr folders are read as other software writes them."""

import gzip
import json
import zlib

import imagecodecs
import numpy as np
import pytest

from poreops.errors import InputError
from poreops.images.read import read_volume
from poreops.images.zarr_files import whole_folder, write_array, write_image

CHUNKS = (5, 8, 11)
PACKED = {
    None: bytes,
    "zlib": zlib.compress,
    "gzip": gzip.compress,
    "blosc": imagecodecs.blosc_encode,
    "zstd": imagecodecs.zstd_encode,
}


def parts(im, chunks):
    for place in np.ndindex(*(-(-n // c) for n, c in zip(im.shape, chunks, strict=True))):
        part = im[tuple(slice(i * c, i * c + c) for i, c in zip(place, chunks, strict=True))]
        whole = np.zeros(chunks, im.dtype)
        whole[tuple(slice(n) for n in part.shape)] = part
        yield place, whole


def write_v2(folder, im, *, codec="blosc", order="C", separator=".", chunks=CHUNKS, **more):
    folder.mkdir(parents=True)
    meta = {
        "zarr_format": 2, "shape": im.shape, "chunks": chunks, "dtype": im.dtype.str,
        "compressor": codec and {"id": codec}, "fill_value": 0, "order": order, "filters": None,
        "dimension_separator": separator,
    } | more  # fmt: skip
    (folder / ".zarray").write_text(json.dumps(meta))
    for place, part in parts(im, chunks):
        file = folder / separator.join(map(str, place))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(PACKED[codec](part.tobytes(order)))


def multiscale(names="zyx", unit="micrometer", scale=(2.5, 2.5, 2.5)):
    kinds = {"c": "channel", "t": "time"}
    axes = [
        {"name": n, "type": kinds.get(n, "space")} | ({"unit": unit} if n in "xyz" else {})
        for n in names
    ]
    steps = [{"type": "scale", "scale": list(scale)}]
    data = [{"path": "s0", "coordinateTransformations": steps}, {"path": "s1"}]
    return [{"axes": axes, "datasets": data}]


@pytest.mark.parametrize("codec", PACKED)
@pytest.mark.parametrize("order", ["C", "F"])
def test_version_2_of_any_compressor(tmp_path, block, codec, order):
    write_v2(tmp_path / "a.zarr", block, codec=codec, order=order)
    found = read_volume(tmp_path / "a.zarr")
    np.testing.assert_array_equal(found.image, block > 0)
    assert found.reading.format == "Zarr"
    assert found.reading.warnings == ()


def test_an_image_of_ome_is_its_finest_level_with_its_voxel_size(tmp_path, block):
    root = tmp_path / "rock.ome.zarr"
    write_v2(root / "s0", block[None, None], separator="/", chunks=(1, 1, *CHUNKS))
    write_v2(root / "s1", block[None, None, ::2, ::2, ::2], chunks=(1, 1, *CHUNKS))
    (root / ".zgroup").write_text('{"zarr_format": 2}')
    names = multiscale("tczyx", scale=(1, 1, 2.5, 2.5, 2.5))
    (root / ".zattrs").write_text(json.dumps({"multiscales": names}))
    found = read_volume(root)
    np.testing.assert_array_equal(found.image, block > 0)
    assert found.reading.edge == pytest.approx(2.5e-6)
    assert (found.reading.axes, found.reading.dataset) == ("TCZYX", "s0")
    assert read_volume(root, dataset="s1").image.shape == (6, 10, 15)
    with pytest.raises(InputError, match=r"there is no 's7'; give one of: s0, s1"):
        read_volume(root, dataset="s7")


def test_channels_are_refused(tmp_path, block):
    root = tmp_path / "a.zarr"
    write_v2(root / "s0", np.stack([block, block]), chunks=(1, *CHUNKS))
    (root / ".zgroup").write_text("{}")
    names = multiscale("czyx", scale=(1, 1, 1, 1))
    (root / ".zattrs").write_text(json.dumps({"multiscales": names}))
    with pytest.raises(InputError, match="has channels"):
        read_volume(root)


def test_a_chunk_that_is_not_stored_is_the_fill_value_and_said(tmp_path, block):
    write_v2(tmp_path / "a.zarr", block, fill_value=1)
    (tmp_path / "a.zarr" / "1.2.1").unlink()
    expected = block > 0
    expected[5:10, 16:24, 11:22] = True
    found = read_volume(tmp_path / "a.zarr")
    np.testing.assert_array_equal(found.image, expected)
    assert found.reading.warnings[0].startswith("1 of 27 chunks of a.zarr are not stored")


def test_what_is_not_read_is_named(tmp_path, block):
    write_v2(tmp_path / "a.zarr", block, filters=[{"id": "delta"}])
    write_v2(tmp_path / "b.zarr", block, compressor={"id": "pcodec"})
    (tmp_path / "e.zarr").mkdir()
    (tmp_path / "e.zarr/zarr.json").write_text('{"zarr_format": 3, "node_type": "array"}')
    write_v2(tmp_path / "c.zarr", block)
    (tmp_path / "c.zarr" / "0.0.0").write_bytes(b"junk")
    write_v2(tmp_path / "d.zarr", block, codec=None)
    (tmp_path / "d.zarr" / "0.0.0").write_bytes(b"short")
    for name, rule in (("a", "delta"), ("b", "has pcodec"), ("e", "is of version 3"),
                       ("c", "truncated or damaged"), ("d", "truncated or damaged")):  # fmt: skip
        with pytest.raises(InputError, match=rule) as caught:
            read_volume(tmp_path / f"{name}.zarr")
        assert "\n" not in str(caught.value)


def test_what_is_written_is_read_and_no_half_is_left(tmp_path, block):
    path = tmp_path / "out.zarr"
    labels = block.astype(np.int32)
    halves = [((0, 0, 0), labels[:8]), ((8, 0, 0), labels[8:])]
    with whole_folder(path) as folder:
        write_image(folder, block.shape, halves, chunk=8, dtype="<i4", voxel_size=3e-6)
        write_array(folder / "conns", np.zeros((0, 2), np.int64))
    found = read_volume(path)
    np.testing.assert_array_equal(found.image, block > 0)
    assert found.reading.edge == pytest.approx(3e-6)
    assert found.reading.axes == "ZYX"
    with pytest.raises(RuntimeError), whole_folder(path) as folder:
        write_array(folder / "x", labels)
        raise RuntimeError
    assert [p.name for p in tmp_path.iterdir()] == ["out.zarr"]
    assert not (path / "x").exists()
