"""NRRD, MetaImage and NIfTI through SimpleITK; all voxels must be there."""

import subprocess
import sys

import numpy as np
import pytest

from poreops.errors import InputError
from poreops.images.grey_stack import read_stack
from poreops.images.read import read_volume

IM = (np.random.default_rng(6).random((5, 7, 9)) < 0.4).astype(np.uint8)
SUFFIXES = ["nrrd", "nhdr", "mhd", "mha", "nii", "nii.gz"]


@pytest.fixture
def write(tmp_path):
    sitk = pytest.importorskip("SimpleITK")

    def call(suffix, im=IM, spacing=None, **options):
        image = sitk.GetImageFromArray(im, **options)
        if spacing is not None:
            image.SetSpacing(spacing)
        sitk.WriteImage(image, str(tmp_path / f"a.{suffix}"))
        return tmp_path / f"a.{suffix}"

    return call


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_the_array_comes_back(write, suffix, dtype):
    path = write(suffix, IM.astype(dtype))
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.image, IM > 0)
    assert volume.reading.voxel_size is None
    assert volume.reading.dtype == dtype
    np.testing.assert_array_equal(read_stack(path).image, IM)
    flat = read_volume(write(suffix, IM[0].astype(dtype)))
    np.testing.assert_array_equal(flat.image.squeeze(), IM[0] > 0)


@pytest.mark.parametrize("suffix", ["mhd", "mha", "nii", "nii.gz"])
def test_spacing_in_millimetres(write, suffix):
    path = write(suffix, spacing=(0.005, 0.005, 0.01))
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.image, np.repeat(IM > 0, 2, 0))
    assert volume.reading.edge == pytest.approx(5e-6)
    with pytest.raises(InputError, match="must agree"):
        read_volume(path, voxel_size=5e-6)
    # micrometres, by the size of the numbers: only the ratio is known
    with pytest.raises(InputError, match=r"10, 5, 5 \(no unit\)"):
        read_volume(write(suffix, spacing=(5, 5, 10)))


def test_nrrd_names_its_unit(tmp_path, write):
    path = write("nhdr", spacing=(5, 5, 10))
    with pytest.raises(InputError, match="no unit"):
        read_volume(path)
    lines = path.read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("encoding"))
    path.write_text("\n".join([*lines[:at], 'space units: "um" "um" "um"', *lines[at:]]) + "\n")
    assert read_volume(path).reading.edge == pytest.approx(5e-6)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_short_file_is_refused(write, suffix, capfd):
    path = write(suffix)
    data = {"nhdr": "a.raw.gz", "mhd": "a.raw"}.get(suffix)
    place = path.with_name(data) if data else path
    if not place.exists():
        place = path.with_name("a.raw")
    content = place.read_bytes()
    for length in (len(content) - 20, 10):
        place.write_bytes(content[:length])
        with pytest.raises(InputError, match=path.name) as caught:
            read_volume(path)
        assert "\n" not in str(caught.value)
    place.unlink()
    with pytest.raises(InputError, match=r"a\."):
        read_volume(path)
    assert capfd.readouterr().err == ""  # the C++ code writes there


def test_vectors_are_refused(write):
    with pytest.raises(InputError, match="has 3 components"):
        read_volume(write("mha", np.stack([IM] * 3, -1), isVector=True))


def test_without_simpleitk_the_extra_is_named(tmp_path):
    (tmp_path / "a.nrrd").write_bytes(b"NRRD0004\n")
    code = (
        "import sys; sys.modules['SimpleITK'] = None\n"
        "from poreops.images.read import read_volume\n"
        f"read_volume({str(tmp_path / 'a.nrrd')!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines()[-1].endswith('pip install "poreops[formats]"')
