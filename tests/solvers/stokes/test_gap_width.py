"""Widths of gaps against a walk from each voxel, one step at a time."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from poreops.solvers.stokes.flow_domain import (
    PERIODIC,
    REFLECTED,
    SEALED,
    padded_box,
    periodic_axes,
)
from poreops.solvers.stokes.gap_width import gap_widths, resolution_message
from poreops.solvers.stokes.staggered import INLET_PLANE

IMAGES = arrays(np.bool_, st.tuples(*[st.integers(1, 5)] * 3))


def walked(box, place, axis, periodic):
    """Length of the line through a voxel along an axis, by going both ways."""
    line = np.moveaxis(box, axis, 0)[(slice(None), *np.delete(place, axis))]
    inner, last = line[1:-1], len(line) - 2
    if periodic and inner.all():
        return np.inf
    length, mirrors = 1, 0
    for step in (-1, 1):
        at = place[axis] - 1
        while True:
            at += step
            if periodic:
                at %= last
            elif not 0 <= at < last:
                mirrors += line[0 if at < 0 else -1] >= INLET_PLANE
                break
            if not inner[at]:
                break
            length += 1
    return np.inf if mirrors == 2 else length * (1 + mirrors)


@given(
    image=IMAGES, axis=st.integers(0, 2), boundary=st.sampled_from([REFLECTED, SEALED, PERIODIC])
)
@settings(deadline=None, max_examples=60)
def test_the_narrowest_of_three_lines_bounds_a_voxel(image, axis, boundary):
    periodic = periodic_axes(axis, boundary, 3)
    box = padded_box(image, axis, boundary, 3)
    found = gap_widths(box, periodic)
    pores = np.pad(image, 1)
    assert np.isinf(found[~pores]).all()
    for place in np.argwhere(pores):
        expected = min(walked(box, place, a, periodic[a]) for a in range(3))
        assert found[tuple(place)] == expected


@given(width=st.floats(0.5, 20), refine=st.integers(1, 4))
def test_the_guard_speaks_below_four_voxels_of_the_finest_grid(width, refine):
    message = resolution_message(width, refine)
    assert (message is None) == (width * refine >= 4)
    if message is not None:
        assert f"{width:.1f} voxels wide" in message
        assert "\n" not in message
