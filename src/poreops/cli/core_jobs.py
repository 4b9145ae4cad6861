"""What the commands of digital cores do: draw cores into a folder, compare two sets of images."""

from pathlib import Path

from poreops.base.content import Json
from poreops.base.extras import needs
from poreops.cli.answer import Answer
from poreops.cli.models import load
from poreops.cli.progress import Clock
from poreops.cores.drawing import check_request, core_names, generate_files
from poreops.cores.scoring import score as scored
from poreops.machine.progress import PATIENCE

Results = dict[str, Json]


def generate(
    uri: str,
    count: int,
    size: int | None,
    seed: int,
    porosity: float | None,
    ore_share: float | None,
    segment: bool,
    folder: Path | None,
) -> Answer:
    """Draw cores and write one TIFF for each into a folder.

    Parameters
    ----------
    uri : of the model
    count : number of cores
    size : edge [pixel]; None for that of the training patches
    seed : another one gives other cores
    porosity, ore_share : of every core; None for those of the rock
    segment : write the pores too
    folder : that the files are written into
    """
    from poreops.cores.registry import load_core_model

    check_request(count, seed)
    assert folder is not None  # --out is no option of it, it must be given
    clock = Clock()
    with clock.timed("load"):
        model = load(load_core_model, uri)
    size = model.patch if size is None else size
    with clock.timed("draw"):
        generate_files(
            model, folder, count, size, seed=seed, porosity=porosity, ore_share=ore_share,
            masks=segment, progress=True, delay=PATIENCE,
        )  # fmt: skip
    results = {
        "command": "generate", "model": uri, "count": count, "size": size, "seed": seed,
        "porosity": porosity, "ore_share": ore_share, "holds": model.made_of,
        "masks": segment,
    }  # fmt: skip
    names = core_names(count) + (core_names(count, "mask") if segment else [])
    return Answer(results | {"seconds": clock.seconds}, names)


def score(
    real: str, generated: str, extractor_name: str, smoothing: float, r_max: int | None
) -> Answer:
    """Compare two sets of images.

    Parameters
    ----------
    real, generated : folders or stacks of grey images
    extractor_name : network that the features are of
    smoothing : standard deviation of the filter before segmentation [pixel]
    r_max : largest lag of S2 [pixel]; None for a quarter of the edge
    """
    needs("cores", "the score of images")
    clock = Clock()
    found = scored(
        real, generated, extractor=extractor_name, smoothing=smoothing, r_max=r_max,
        stage=clock.stage,
    )  # fmt: skip
    return Answer({"command": "score", **found, "seconds": clock.seconds})
