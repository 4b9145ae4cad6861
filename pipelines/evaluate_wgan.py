"""Report the generators on crops that nothing else reads: reports/digital_core.json, figures.

One table: real against real, WGAN-GP, DCGAN and nulls, each with mean and spread over its seeds.
"""

from pathlib import Path
from typing import Any

from poreops import metrics, plots
from poreops.cores import plots as core_plots
from poreops.errors import exit_on_input_error
from poreops.learning.core_evaluation import CoreEvaluationConfig, Judge, View, spread
from poreops.learning.core_model import DigitalCoreModel, grey_probe
from poreops.learning.core_nulls import nulls
from poreops.learning.image_scores import complaints
from poreops.sections import section
from poreops.store import read_hdf5, sha256, write_json
from poreops.tracking import run

CROPS, MODELS, REPORTS = Path("artifacts/crops"), Path("artifacts/wgan"), Path("reports")
METHODS = ("wgan_gp", "dcgan")
_SHOWN = 5  # cores of each source in the picture


def views(judge: Judge, real: dict[str, Any]) -> dict[str, list[View]]:
    """Return the sets of every source: parts of the rock, seeds of a method, seeds of a null."""
    config, size = judge.config, judge.training.shape[1]
    found = {"real": [judge.view(real[part]) for part in ("train", "search", "gate")]}
    seeds = []
    for method in METHODS:
        folders = sorted((MODELS / method).iterdir(), key=lambda folder: int(folder.name))
        seeds = [int(folder.name) for folder in folders]
        models = map(DigitalCoreModel.load, folders)
        found[method] = [
            judge.view(model.generate(config.cores, size, seed=config.seed)) for model in models
        ]
    for seed in seeds:
        drawn = nulls(judge.training, config.cores, judge.segmentation, seed=seed)
        for name, images in drawn.items():
            found.setdefault(name, []).append(judge.view(images))
    return found


def table(judge: Judge, sources: dict[str, list[View]], target: View) -> dict[str, Any]:
    """Score every source against the crops of the report."""
    found = {name: [judge.scores(one, target) for one in sets] for name, sets in sources.items()}
    # of training crops nobody asks whether they were copied
    for name in ("copies", "likeness_max"):
        found["real"][0][name] = found["real"][1][name]
    return {name: {"sets": len(each), **spread(each)} for name, each in found.items()}


def judged() -> dict[str, Any]:
    """Return method/seed → digest of the files and what they draw, for whoever registers them."""
    folders = [folder for method in METHODS for folder in sorted((MODELS / method).iterdir())]
    return {
        folder.relative_to(MODELS).as_posix(): {
            "sha256": sha256(folder), "probe": grey_probe(DigitalCoreModel.load(folder))
        }
        for folder in folders
    }  # fmt: skip


def main() -> None:
    """Compare every source with the crops of the report."""
    config = section("evaluate_wgan", CoreEvaluationConfig)
    parts = ("train", "search", "gate", "report")
    real = {part: read_hdf5(CROPS / f"{part}.h5")[0]["images"] for part in parts}
    judge = Judge.fit(real["train"], config)
    sources = views(judge, real)
    target = judge.view(real["report"])
    scores = table(judge, sources, target)
    first = {"report": target} | {name: sets[0] for name, sets in sources.items()}
    network, count = judge.extractor, len(target.images)
    report = {
        "extractor": network.name,
        "cores": count,
        "size": judge.training.shape[1],
        "warnings": complaints(count, count, network.length),
        "segmentation": vars(judge.segmentation),
        "table": scores,
        "structure": {name: view.structure.summary() for name, view in first.items()},
        "models": judged(),
    }
    write_json(REPORTS / "digital_core.json", report)
    write_json(REPORTS / "cores-metrics.json", metrics.cores(report))
    curves = {name: report["structure"][name]["s2"] for name in ("report", "real", *METHODS)}
    shown = {name: first[name].images[:_SHOWN] for name in ("report", *METHODS, "blobs")}
    figures = {
        "cores.png": core_plots.side_by_side(shown),
        "s2.png": core_plots.correlations(curves, "report"),
    }
    with run("evaluate_wgan", f"{count} cores of {report['size']} pixels") as tracked:
        tracked.log_metrics(scores)
        for name, figure in figures.items():
            tracked.log_figure(figure, name)
            plots.save(figure, REPORTS / "digital_core" / name)
    for name, each in scores.items():
        kid, fid = each["kid"], each["fid"]
        print(
            f"{name:>9}  KID {kid['mean']:.4f} ± {kid['sd']:.4f}  FID {fid['mean']:.1f} "
            f"± {fid['sd']:.1f}  S2 {each['s2']['mean']:.3f}  copies {each['copies']['mean']:.3f}"
        )


if __name__ == "__main__":
    with exit_on_input_error():
        main()
