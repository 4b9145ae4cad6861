"""What quilted cores score on grey images of yours, against real fields and nulls: no training.

    python benchmarks/cores/quilting.py shale.tif [--hold-out columns] [--noise copied]

Crops as the profile shale cuts them. For parts of the rock, the quilting and the round blobs:
scores against the crops of the gate, then the bands of each property.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from poreops.base.show.pictures import save, subplots
from poreops.cores.crops import CropsConfig, cut_crops
from poreops.cores.gate import LIMITED, RATIO, verdict
from poreops.cores.judging.bands import PROPERTIES, bands, independent_fields
from poreops.cores.judging.evaluation import Judge, real_real
from poreops.cores.judging.nulls import nulls
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
    parser.add_argument("--seeds", type=int, nargs="+", default=[7])
    parser.add_argument("--hold-out", choices=["slices", "columns"], default="columns")
    parser.add_argument("--noise", choices=["fresh", "copied"], default="fresh")
    parser.add_argument("--ores", choices=["as_pores", "firm"], default="as_pores")
    parser.add_argument("--picture", help="write real and quilted cores beside each other")
    return parser.parse_args()


def main() -> None:
    """Print scores and bands for each seed of the crops."""
    given = options()
    params = check(ROOT / "params.yaml").cores
    judging = params.judging
    if given.cores:
        judging = judging.model_copy(update={"cores": given.cores})
    columns = given.hold_out == "columns"
    changes = {
        "size": given.size, "train": given.train, "hold_out": given.hold_out,
        "share": 0.5, "gap": 32 if columns else 0,
    }  # fmt: skip
    piece = given.size // 4
    sizes = {"piece": piece, "overlap": 3 * piece // 16 * 2, "noise": given.noise}
    sizes["ores"] = given.ores
    config = params.quilting.model_copy(update=sizes)
    slices = [each for name in given.images for each in read_grey(name).image]
    for seed in given.seeds:
        cuts = CropsConfig(**params.crops.model_dump() | changes | {"seed": seed})
        crops = cut_crops(slices, cuts)
        judge = Judge.fit(crops["train"].images, judging, crops["gate"].images)
        start = time.perf_counter()
        model = QuiltingModel.cut(crops["train"].images, config, seed)
        cut = time.perf_counter()
        cores = model.generate(judging.cores, seed=seed)
        drawn = time.perf_counter()
        print(f"seed {seed}: {model.made_of} in {cut - start:.0f} s, cores in {drawn - cut:.0f} s")
        views = {part: judge.view(of.images) for part, of in crops.items()}
        target = views["gate"]
        floor = real_real(judge, views["train"], [views["search"], target])
        blobs = nulls(judge.training, judging.cores, judge.segmentation, seed=seed)["blobs"]
        sets = {
            "real, unseen": views["report"], "real, search": views["search"],
            "quilting": judge.view(cores), "round blobs": judge.view(blobs),
        }  # fmt: skip
        scores = {name: judge.scores(view, target) for name, view in sets.items()}
        print(f"{'':<16}" + "".join(f"{name[:12]:>13}" for name in SHOWN))
        print(f"{'real to real':<16}" + "".join(f"{floor.get(n, 1):>13.4f}" for n in SHOWN))
        for name, found in scores.items():
            print(f"{name:<16}" + "".join(f"{found[score]:>13.4f}" for score in SHOWN))
        rivals = {"round blobs": scores["round blobs"]}
        print("gate:", verdict(scores["quilting"], floor, rivals, params.gate, valid=True) or "ok")
        gate = crops["gate"]
        fields = independent_fields(gate.slices, gate.corners, given.size, given.hold_out)
        print(f"bands of {fields:.1f} fields: standard errors away, spread")
        print(f"{'':<16}" + "".join(f"{name:>16}" for name in PROPERTIES))
        for name, view in sets.items():
            each = bands(view.structure, target.structure, fields)
            cells = [f"{b.away:.1f}, {b.spread:.2f}{'' if b.met else ' !'}" for b in each.values()]
            print(f"{name:<16}" + "".join(f"{cell:>16}" for cell in cells))
        if given.picture:
            figure, panels = subplots(2, 4, (12, 6))
            for row, images in zip(panels, (gate.images, cores), strict=True):
                for panel, image in zip(row, images, strict=False):
                    panel.imshow(image, cmap="gray", vmin=0, vmax=np.quantile(gate.images, 0.999))
                    panel.set(xticks=[], yticks=[])
            save(figure, given.picture)


if __name__ == "__main__":
    main()
