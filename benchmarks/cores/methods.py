"""What one training of a network scores on the default shale, beside nothing else.

    python benchmarks/cores/methods.py diffusion [--part report] [--set training.seed=2]

Trains by a method of cores.training.methods as params.yaml states it, with the changes given, and
scores its cores against the crops of a part; --keep says where the model goes, and one that lies
there already is scored without a training.
"""

import argparse
import time
from pathlib import Path

import yaml

from poreops.base.settings import overridden
from poreops.base.show.pictures import save
from poreops.cores.crops import JUDGING, cut_crops
from poreops.cores.figures import side_by_side
from poreops.cores.gate import LIMITED, RATIO
from poreops.cores.judging.bands import bands, independent_fields
from poreops.cores.judging.evaluation import Judge
from poreops.cores.learning.training import Candidate
from poreops.cores.model import load_generator
from poreops.cores.runs import made_by
from poreops.params import check
from poreops.synthetic.shale import synthetic_shale

ROOT = Path(__file__).parents[2]
SHOWN = (
    *LIMITED, RATIO, "pieces_ratio", "density", "coverage", "fid", "kid_second",
    "kid_second_averaged",
)  # fmt: skip


def main() -> None:
    """Print the seconds of training and drawing, and the scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("method")
    parser.add_argument("--part", choices=JUDGING, default="search")
    parser.add_argument("--cores", type=int, help="of each set; as cores.judging by default")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE")
    parser.add_argument("--keep", type=Path, required=True, help="folder of the model")
    parser.add_argument("--picture", help="write real cores and drawn ones beside each other")
    given = parser.parse_args()
    params = check(ROOT / "params.yaml").cores
    changes = {}
    for one in given.set:
        name, _, value = one.partition("=")
        changes[name] = yaml.safe_load(value)
    stated = Candidate(generator=params.generator, training=params.training)
    candidate, judging = overridden(stated, changes), params.judging
    if given.cores:
        judging = judging.model_copy(update={"cores": given.cores})
    slices = list(synthetic_shale(params.crops.synthetic, params.crops.seed))
    crops = cut_crops(slices, params.crops)
    train, judged = crops["train"].images, crops[given.part]
    if not given.keep.exists():
        start = time.process_time()
        # its state lies beside the model, so that a stopped run goes on
        made, history = made_by(
            given.method, candidate, train, given.keep.with_suffix(".partial"), _said
        )
        made.save(given.keep)
        print(f"trained in {time.process_time() - start:.0f} s of processor time")
        print({name: [round(v, 4) for v in values] for name, values in history.items()})
    model, start = load_generator(given.keep), time.process_time()
    cores = model.generate(judging.cores, params.crops.size, seed=judging.seed)
    print(f"{model.made_of}; cores in {time.process_time() - start:.0f} s of processor time")
    if given.picture:
        images = {"report": judged.images[:6], given.method: cores[:6]}
        save(side_by_side(images), given.picture)
    judge = Judge.fit(train, judging, judged.images)
    found, real = judge.view(cores), judge.view(judged.images)
    scores = judge.scores(found, real)
    print("  ".join(f"{name} {scores[name]:.4f}" for name in SHOWN))
    places = judged.slices, judged.corners, params.crops.size
    fields = independent_fields(*places, params.crops.hold_out)
    for name, band in bands(found.structure, real.structure, fields).items():
        print(f"{name}: {band.away:.1f} standard errors away, spread {band.spread:.2f}")


def _said(epoch: int, history: object, *_: object) -> None:
    print(epoch, history, flush=True)


if __name__ == "__main__":
    main()
