"""Both readers agree on what a TIFF holds, and on what they refuse."""

import numpy as np
import pytest

from poreops.errors import InputError
from poreops.images.grey_stack import read_stack
from poreops.images.read import read_volume

GREY = "minisblack"


def check(path, im, **options):
    """Both readers give the image; what is said of it."""
    volume = read_volume(path, **options)
    np.testing.assert_array_equal(volume.image, im > 0)
    np.testing.assert_array_equal(read_stack(path).image.astype(bool), im > 0)
    return volume.reading


def refused(path, match, **options):
    """Both readers refuse the file, in one line."""
    for reader in (read_volume, read_stack):
        with pytest.raises(InputError, match=match) as caught:
            reader(path, **options)
        assert "\n" not in str(caught.value)
