"""Compare two sets of grey images: two-point correlation, FID and KID."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import checked_array, checked_count, checked_number
from poreops.base.content import Json
from poreops.errors import InputError
from poreops.images.grey_stack import read_grey_set
from poreops.images.reading import Reading

if TYPE_CHECKING:
    from poreops.cores.features.structure import Structure

Results = dict[str, Json]
Stage = Callable[[str], AbstractContextManager[None]]
ImageSet = NDArray[np.uint8]

SMALLEST = 32  # pixels: a smaller image, blown up for the extractor, has no features of its own
# axes 0 and 1 of an image, as one sees it
_DIRECTIONS = {"x": "down", "y": "across", "radial": "radial"}
_SUBSETS, _SUBSET_SIZE, _SEED = 100, 50, 0  # of KID


def score(
    real: "str | Path | ImageSet",
    generated: "str | Path | ImageSet",
    *,
    extractor: str = "efficientnet-lite0",
    smoothing: float = 1.5,
    r_max: int | None = None,
    stage: Stage | None = None,
) -> Results:
    """Compare two sets of grey images of one size.

    Parameters
    ----------
    real, generated : path or (n, h, w) uint8
        Folder of images, file of a stack, or the images.
    extractor : "efficientnet-lite0", "inception-v3" or "wavelets"
        What gives the features of FID and KID.
    smoothing : float
        Standard deviation of the Gaussian before the segmentation [pixel].
    r_max : int, optional
        Largest lag of S2 [pixel]; a quarter of the edge by default.
    stage : callable, optional
        Given the name of each part of the work, returns what it runs inside: a clock.

    Returns
    -------
    dict
        "fid", "kid", ... of the features; "s2": the share of pore, S2(r) down, across and radial
        with their errors; "lossy" and "warnings".

    Raises
    ------
    InputError
        A set that cannot be read, with less than two images, with images below 32 pixels or of
        another size than the other's.
    """
    from poreops.cores.features.extractors import checked_name
    from poreops.cores.features.extractors import extractor as load_extractor
    from poreops.cores.features.structure import Segmentation, structure
    from poreops.cores.judging.evaluation import JudgingConfig, feature_scores

    name, stage = checked_name(extractor), stage or _no_stage
    smoothing = checked_number(smoothing, "smoothing", "1.5 is usual")
    if smoothing < 0:
        raise InputError(f"smoothing must not be negative, got {smoothing:g}; 1.5 is usual")
    with stage("read"):
        read = {"real": _set(real), "generated": _set(generated)}
    sets = {side: images for side, (images, _) in read.items()}
    size = _checked_size(sets, (real, generated))
    largest = min(size) // 4 if r_max is None else checked_count(r_max, "r_max")
    config = JudgingConfig(
        seed=_SEED, cores=2, r_max=largest, smoothing=smoothing,
        extractor=name, subsets=_SUBSETS, subset_size=_SUBSET_SIZE,
    )  # fmt: skip
    with stage("load"):
        network = load_extractor(name)
    with stage("structure"):
        segmentation = Segmentation.fit(sets["real"], smoothing)
        found = {
            side: structure(images, segmentation, config.r_max) for side, images in sets.items()
        }
    with stage("features"):
        features = [network.features(images) for images in sets.values()]
    scores = feature_scores(features[0], features[1], config, network.name)
    s2: Results = {"pore_below": segmentation.pore_below, "r_max": config.r_max}
    s2 |= _curves(found["real"], found["generated"])
    readings = {side: reading for side, (_, reading) in read.items() if reading is not None}
    lossy = {side: reading is not None and reading.lossy for side, (_, reading) in read.items()}
    return {
        **scores, "s2": s2, "lossy": lossy,
        "warnings": [*_set_warnings(readings), *scores["warnings"]],
    }  # fmt: skip


def _checked_size(
    sets: "Mapping[str, ImageSet]", given: "tuple[str | Path | ImageSet, ...]"
) -> tuple[int, ...]:
    """Return the size that the images of both sets have, or raise InputError."""
    one, other = (images.shape[1:] for images in sets.values())
    if one != other:
        raise InputError(
            f"both sets must have images of one size, got {one} and {other} pixels; crop them "
            "alike"
        )
    if min(one) < SMALLEST:
        raise InputError(
            f"images must have {SMALLEST} pixels or more along each edge, got {one}; give larger "
            "ones"
        )
    for source, (side, images) in zip(given, sets.items(), strict=True):
        if len(images) < 2:
            where = source if isinstance(source, str | Path) else f"the {side} ones"
            raise InputError(f"a set must hold two or more images, got 1 in {where}; add images")
    return one


def _curves(real: "Structure", generated: "Structure") -> Results:
    """Return S2 of both sets and how far they are apart, a direction each."""
    from poreops.cores.features.structure import s2_error

    curves: Results = {}
    summaries = [each.summary()["s2"] for each in (real, generated)]
    for direction, error in s2_error(generated, real).items():
        both = [summary[direction] for summary in summaries]
        curves[_DIRECTIONS[direction]] = {
            "real": both[0]["mean"].tolist(),
            "generated": both[1]["mean"].tolist(),
            "real_sd": both[0]["sd"].tolist(),
            "correlation_length": [curve.get("correlation_length") for curve in both],
            "error": error,
        }
    return curves


def _no_stage(_: str) -> AbstractContextManager[None]:
    return nullcontext()


def _set(given: "str | Path | ImageSet") -> tuple[ImageSet, Reading | None]:
    """Return the images (n, h, w) of a path, and how they were read, or those given."""
    if isinstance(given, str | Path):
        volume = read_grey_set(given)
        return volume.image, volume.reading
    images = checked_array(given, "a set of images")
    if images.ndim != 3 or images.dtype != np.uint8:
        raise InputError(
            f"a set of images must be (n, rows, columns) uint8, got {images.dtype} of shape "
            f"{images.shape}; scale the greys to 0..255"
        )
    return images, None


def _set_warnings(readings: dict[str, Reading]) -> list[str]:
    """Return what the readers say of each set, and that lossy images have grain of their own."""
    found = [text for reading in readings.values() for text in reading.warnings]
    for side, reading in readings.items():
        if reading.lossy:
            found.append(
                f"the {side} images are stored with loss ({reading.format}): the scores see its "
                "blocks and grain; take files that keep every value"
            )
    return list(dict.fromkeys(found))
