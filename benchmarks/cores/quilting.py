"""What quilted cores score on grey images of yours, against real fields and nulls: no training.

    python benchmarks/cores/quilting.py shale.tif [--hold-out columns] [--noise copied]

Crops as the profile shale cuts them. For parts of the rock, the training crops, the quiltings and
the round blobs: scores against the crops of a part, then the bands of each property. What is
--set is to be chosen by the crops for the search (--part search), which reads no others.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml

from poreops.base.show.pictures import save, subplots
from poreops.cores.crops import JUDGING, PARTS, Crops, CropsConfig, cut_crops
from poreops.cores.gate import LIMITED, RATIO, verdict
from poreops.cores.judging.bands import PROPERTIES, bands, independent_fields
from poreops.cores.judging.copies import WINDOWS, copies_ratio, likeness
from poreops.cores.judging.evaluation import Judge, View, real_real
from poreops.cores.judging.nulls import nulls
from poreops.cores.learning.pieces import QuiltingConfig
from poreops.cores.learning.quilting import QuiltingModel
from poreops.images.grey_stack import read_grey
from poreops.params import check

ROOT = Path(__file__).parents[2]
SHOWN = (
    *LIMITED,
    RATIO,
    "pieces_ratio",
    "density",
    "coverage",
    "kid_second",
    "kid_second_averaged",
)


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images", nargs="+")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--train", type=int, default=200)
    parser.add_argument("--cores", type=int, help="of each set; as cores.judging by default")
    parser.add_argument("--seeds", type=int, nargs="+", default=[7], help="of crops and pieces")
    parser.add_argument("--repeats", type=int, default=1, help="quiltings of the same crops")
    parser.add_argument("--hold-out", choices=["slices", "columns"], default="columns")
    parser.add_argument(
        "--part", nargs="+", choices=JUDGING, default=["gate"], help="what is compared with"
    )
    parser.add_argument("--noise", choices=["fresh", "copied"], default="fresh")
    parser.add_argument("--ores", choices=["as_pores", "firm"], default="as_pores")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="of quilting")
    parser.add_argument("--picture", help="write real and quilted cores beside each other")
    return parser.parse_args()


def quilting(given: argparse.Namespace, config: QuiltingConfig) -> QuiltingConfig:
    """Return how cores are quilted: pieces of a quarter of a crop where nothing else is set."""
    piece = given.size // 4
    sizes = {"piece": piece, "overlap": 3 * piece // 16 * 2, "noise": given.noise}
    stated = dict(one.split("=") for one in given.set)
    changes = sizes | {"ores": given.ores} | {n: yaml.safe_load(v) for n, v in stated.items()}
    return QuiltingConfig(**config.model_dump() | changes)


def scored(judge: Judge, sets: dict[str, View], target: View) -> dict[str, dict[str, float]]:
    """Print and return the scores of each set."""
    scores = {name: judge.scores(view, target) for name, view in sets.items()}
    print(f"{'':<16}" + "".join(f"{name[:12]:>13}" for name in SHOWN))
    for name, found in scores.items():
        print(f"{name:<16}" + "".join(f"{found[score]:>13.4f}" for score in SHOWN))
    return scores


def other_places(judge: Judge, train: Crops, by: str) -> dict[str, float]:
    """Return the copies ratios of training crops to those of other places only."""
    count, size = judge.config.cores, train.images.shape[1]
    apart = (np.abs(train.corners[:count, None] - train.corners[None]) >= size).any(axis=2)
    if by == "slices":
        apart = train.slices[:count, None] != train.slices[None]
    found = {
        name: [
            likeness(train.images[i : i + 1], train.images[far], share)[0]
            for i, far in enumerate(apart)
        ]
        for name, share in WINDOWS.items()
    }
    return {
        name: copies_ratio(np.array(alike), judge.unseen[name]) for name, alike in found.items()
    }


def banded(sets: dict[str, View], target: View, crops: Crops, by: str) -> None:
    """Print how each set lies in the bands of the part."""
    fields = independent_fields(crops.slices, crops.corners, crops.images.shape[1], by)
    print(f"bands of {fields:.1f} fields: standard errors away, spread")
    print(f"{'':<16}" + "".join(f"{name:>16}" for name in PROPERTIES))
    for name, view in sets.items():
        each = bands(view.structure, target.structure, fields)
        cells = [f"{b.away:.1f}, {b.spread:.2f}{'' if b.met else ' !'}" for b in each.values()]
        print(f"{name:<16}" + "".join(f"{cell:>16}" for cell in cells))


def pictured(path: str, rows: Sequence[np.ndarray]) -> None:
    """Write four real crops, and four cores below them."""
    figure, panels = subplots(2, 4, (12, 6))
    for row, images in zip(panels, rows, strict=True):
        for panel, image in zip(row, images, strict=False):
            panel.imshow(image, cmap="gray", vmin=0, vmax=np.quantile(rows[0], 0.999))
            panel.set(xticks=[], yticks=[])
    save(figure, path)


def judged(
    judge: Judge, views: dict[str, View], drawn: dict[str, View], crops: dict[str, Crops], by: str
) -> None:
    """Print scores, verdicts and bands against the crops of the last of the views."""
    part = list(views)[-1]
    parts = {f"real, {name}": view for name, view in views.items() if name != part}
    sets = parts | drawn
    print(f"\nagainst the crops of {part}")
    scores = scored(judge, sets, views[part])
    print("training crops, to other places:", other_places(judge, crops["train"], by))
    known = [views[name] for name in ("search", part) if name in views]
    floor = real_real(judge, views["train"], known[-1:] if part == "search" else known)
    print("real to real:", {name: round(value, 4) for name, value in floor.items()})
    limits, rivals = check(ROOT / "params.yaml").cores.gate, {"round blobs": scores["round blobs"]}
    for name in drawn:
        if name not in rivals:
            reasons = verdict(scores[name], floor, rivals, limits, valid=True)
            print(f"gate, {name}:", reasons or "ok")
    banded(sets, views[part], crops[part], by)


def main() -> None:
    """Print scores and bands for each seed of the crops."""
    given = options()
    params = check(ROOT / "params.yaml").cores
    config, judging = quilting(given, params.quilting), params.judging
    if given.cores:
        judging = judging.model_copy(update={"cores": given.cores})
    changes = {
        "size": given.size, "train": given.train, "hold_out": given.hold_out,
        "share": 0.5, "gap": 32 if given.hold_out == "columns" else 0,
    }  # fmt: skip
    slices = [each for name in given.images for each in read_grey(name).image]
    for seed in given.seeds:
        cuts = CropsConfig(**params.crops.model_dump() | changes | {"seed": seed})
        crops = cut_crops(slices, cuts)
        train, first = crops["train"].images, crops[given.part[0]].images
        judge = Judge.fit(train, judging, first)
        read = ("train", "search") if given.part == ["search"] else PARTS
        views, drawn = {name: judge.view(crops[name].images) for name in read}, {}
        for number in range(seed, seed + given.repeats):
            start = time.process_time()
            model = QuiltingModel.cut(train, config, number)
            cores = model.generate(judging.cores, seed=number)
            print(f"{model.made_of} in {time.process_time() - start:.0f} s of processor time")
            drawn[f"quilting {number}"] = judge.view(cores)
        if given.picture:
            pictured(given.picture, (first, drawn[f"quilting {seed}"].images))
        blobs = nulls(judge.training, judging.cores, judge.segmentation, seed=seed)["blobs"]
        drawn["round blobs"] = judge.view(blobs)
        for part in given.part:
            unseen = crops[part].images[: judging.cores]
            alike = {name: likeness(unseen, train, share) for name, share in WINDOWS.items()}
            own = {name: view for name, view in views.items() if name != part}
            own[part] = views[part]
            judged(replace(judge, unseen=alike), own, drawn, crops, given.hold_out)


if __name__ == "__main__":
    main()
