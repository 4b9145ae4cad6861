"""What the gate of the digital cores says to nulls and to the rock itself: no training.

    python benchmarks/cores/gate.py [--seeds 7 8 9] [--images shale.tif --size 256 --columns]

For each seed of the crops: the scores of the report's crops (real, never seen) and of every null
against the gate's crops, the figure of real against real, and how many limits refuse each.
"""

import argparse
from pathlib import Path

from poreops.cores.crops import CropsConfig, Grey, cut_crops
from poreops.cores.gate import LIMITED, verdict
from poreops.cores.judging.evaluation import Judge, real_real
from poreops.cores.judging.nulls import NULLS, nulls
from poreops.images.grey_stack import read_grey
from poreops.params import check
from poreops.synthetic.shale import synthetic_shale

ROOT = Path(__file__).parents[2]


def slices(config: CropsConfig, images: list[str]) -> list[Grey]:
    """Return the slices of some files, or those of a synthetic shale."""
    if images:
        return [each for name in images for each in read_grey(name).image]
    return list(synthetic_shale(config.synthetic, config.seed))


def main() -> None:
    """Print a table for each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--images", nargs="*", default=[])
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--columns", action="store_true", help="cores.crops.hold_out: columns")
    options = parser.parse_args()
    params = check(ROOT / "params.yaml").cores
    changes = {"size": options.size}
    if options.columns:
        changes |= {"hold_out": "columns", "share": 0.5, "gap": 32}
    for seed in options.seeds:
        config = CropsConfig(**params.crops.model_dump() | changes | {"seed": seed})
        crops = cut_crops(slices(config, options.images), config)
        judge = Judge.fit(crops["train"].images, params.judging, crops["gate"].images)
        views = {part: judge.view(cut.images) for part, cut in crops.items()}
        floor = real_real(judge, views["train"], [views["search"], views["gate"]])
        drawn = nulls(judge.training, params.judging.cores, judge.segmentation, seed=seed)
        sets = {"real, unseen": views["report"]}
        sets |= {NULLS[name]: judge.view(images) for name, images in drawn.items()}
        scores = {name: judge.scores(view, views["gate"]) for name, view in sets.items()}
        rivals = {name: scores[name] for name in NULLS.values()}
        print(f"seed {seed:<27}" + "".join(f"{name[:10]:>12}" for name in LIMITED))
        print(f"{'real against real':<32}" + "".join(f"{floor[n]:>12.4f}" for n in LIMITED))
        for name, found in scores.items():
            reasons = verdict(found, floor, rivals, params.gate, valid=True)
            limits = verdict(found, floor, {}, params.gate, valid=True)
            line = "".join(f"{found[score]:>12.4f}" for score in LIMITED)
            said = "; ".join(reasons) if len(reasons) < 3 else f"{len(limits)} limits"
            print(f"{name:<32}{line}  {said or 'passes'}")


if __name__ == "__main__":
    main()
