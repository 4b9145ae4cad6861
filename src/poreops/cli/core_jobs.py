"""What the commands of digital cores do: draw cores into a folder, compare two sets of images."""

from pathlib import Path
from typing import Any

from poreops.base.extras import needs
from poreops.cli.answer import Answer
from poreops.cli.models import load
from poreops.cli.progress import Clock
from poreops.errors import InputError
from poreops.images.grey_stack import read_grey_set
from poreops.images.reading import Reading
from poreops.machine.memory import require_memory

Results = dict[str, Any]

SMALLEST = 32  # pixels: a smaller image, blown up for the extractor, has no features of its own
# axes 0 and 1 of an image, as one sees it
_DIRECTIONS = {"x": "down", "y": "across", "radial": "radial"}
_SUBSETS, _SUBSET_SIZE, _SEED = 100, 50, 0  # of KID


def generate(uri: str, count: int, size: int | None, seed: int, folder: Path | None) -> Answer:
    """Draw cores and write one TIFF for each into a folder."""
    import tifffile
    from tqdm import tqdm

    from poreops.cores.registry import load_core_model

    if count < 1:
        raise InputError(f"the number of cores must be positive, got {count}; give it as -n 1")
    if seed < 0:
        raise InputError(f"a seed must not be negative, got {seed}; give it as --seed 0")
    assert folder is not None  # --out is no option of it, it must be given
    clock = Clock()
    with clock.timed("load"):
        model = load(load_core_model, uri)
    size = model.network.patch if size is None else size
    require_memory(
        model.bytes_needed(size), f"drawing a core of {size} x {size} pixels", "lower --size"
    )
    digits = max(len(str(count - 1)), 4)
    names = [f"core_{number:0{digits}d}.tif" for number in range(count)]
    with clock.timed("draw"):
        bar = tqdm(total=count, desc="cores", unit="", delay=2, leave=False)
        unwritten = iter(names)
        # cores are written as they are drawn: all at once may not fit in memory
        for cores in model.stream(count, size, seed=seed):
            for core, name in zip(cores, unwritten, strict=False):
                tifffile.imwrite(folder / name, core)
            bar.update(len(cores))
        bar.close()
    results = {"command": "generate", "model": uri, "count": count, "size": size, "seed": seed}
    return Answer(results | {"seconds": clock.seconds}, names)


def score(
    real: str, generated: str, extractor_name: str, smoothing: float, r_max: int | None
) -> Answer:
    """Compare two sets of images."""
    needs("cores", "the score of images")
    from poreops.cores.features.extractors import checked_name, extractor
    from poreops.cores.features.structure import Segmentation, s2_error, structure
    from poreops.cores.judging.evaluation import JudgingConfig, feature_scores

    name = checked_name(extractor_name)
    clock = Clock()
    with clock.stage("read"):
        volumes = {"real": read_grey_set(real), "generated": read_grey_set(generated)}
    sets = {side: volume.image for side, volume in volumes.items()}
    sizes = [images.shape[1:] for images in sets.values()]
    if sizes[0] != sizes[1]:
        raise InputError(
            f"both sets must have images of one size, got {sizes[0]} and {sizes[1]} pixels; crop "
            "them alike"
        )
    if min(sizes[0]) < SMALLEST:
        raise InputError(
            f"images must have {SMALLEST} pixels or more along each edge, got {sizes[0]}; give "
            "larger ones"
        )
    for path, images in zip((real, generated), sets.values(), strict=True):
        if len(images) < 2:
            raise InputError(f"a set must hold two or more images, got 1 in {path}; add images")
    config = JudgingConfig(
        seed=_SEED, cores=2, r_max=r_max or min(sizes[0]) // 4, smoothing=smoothing,
        extractor=name, subsets=_SUBSETS, subset_size=_SUBSET_SIZE,
    )  # fmt: skip
    with clock.timed("load"):
        network = extractor(name)
    with clock.stage("structure"):
        segmentation = Segmentation.fit(sets["real"], smoothing)
        found = {
            side: structure(images, segmentation, config.r_max) for side, images in sets.items()
        }
    with clock.stage("features"):
        features = [network.features(images) for images in sets.values()]
    scores = feature_scores(features[0], features[1], config, network.name)
    errors = s2_error(found["generated"], found["real"])
    curves = {side: each.summary()["s2"] for side, each in found.items()}
    s2: Results = {"pore_below": segmentation.pore_below, "r_max": config.r_max}
    for direction, error in errors.items():
        both = [curves[side][direction] for side in ("real", "generated")]
        s2[_DIRECTIONS[direction]] = {
            "real": both[0]["mean"].tolist(),
            "generated": both[1]["mean"].tolist(),
            "real_sd": both[0]["sd"].tolist(),
            "correlation_length": [curve.get("correlation_length") for curve in both],
            "error": error,
        }
    readings = {side: volume.reading for side, volume in volumes.items()}
    results = {
        "command": "score", **scores, "s2": s2,
        "lossy": {side: reading.lossy for side, reading in readings.items()},
        "warnings": [*_set_warnings(readings), *scores["warnings"]],
        "seconds": clock.seconds,
    }  # fmt: skip
    return Answer(results)


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
