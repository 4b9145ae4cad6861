"""Judge the generators by structure, features and copies: reports/digital_core.json, figures."""

from pathlib import Path
from typing import Any

import numpy as np

from poreops import plots
from poreops.cores import plots as core_plots
from poreops.errors import exit_on_input_error
from poreops.learning.core_evaluation import (
    CoreEvaluationConfig,
    Segmentation,
    feature_scores,
    likeness,
    likeness_summary,
    s2_error,
    structure,
)
from poreops.learning.core_model import DigitalCoreModel
from poreops.learning.extractors import extractor
from poreops.sections import section
from poreops.store import read_hdf5, write_json
from poreops.tracking import run

CROPS, MODELS, REPORTS = Path("artifacts/crops"), Path("artifacts/wgan"), Path("reports")
METHODS = ("wgan_gp", "dcgan")
_SHOWN = 5  # cores of each source in the picture


def main() -> None:
    """Compare training crops, held-out crops and the cores of both methods."""
    config = section("evaluate_wgan", CoreEvaluationConfig)
    parts = {part: read_hdf5(CROPS / f"{part}.h5")[0] for part in ("train", "held_out")}
    training, slices = parts["train"]["images"], parts["train"]["slices"]
    count, size = config.cores, training.shape[1]
    images = {"real": training[:count], "held_out": parts["held_out"]["images"][:count]}
    for method in METHODS:
        model = DigitalCoreModel.load(MODELS / method)
        images[method] = model.generate(count, size, seed=config.seed)

    segmentation = Segmentation.fit(images["real"], config.smoothing)
    found = {name: structure(each, segmentation, config.r_max) for name, each in images.items()}
    errors = {
        name: {real: s2_error(found[name], found[real]) for real in ("real", "held_out")}
        for name in ("held_out", *METHODS)
    }
    network = extractor(config.extractor)
    features = {name: network.features(each) for name, each in images.items()}

    def compared(first: str, second: str) -> dict[str, Any]:
        return feature_scores(features[first], features[second], config, network.name)

    scores: dict[str, Any] = {"held_out": {"real": compared("held_out", "real")}}
    for method in METHODS:
        scores[method] = {real: compared(method, real) for real in ("real", "held_out")}
    # consecutive slices of a tomogram show the same grains, so this is the floor, not a rival
    early = slices < np.median(np.unique(slices))
    halves = [training[early][:count], training[~early][:count]]
    if min(map(len, halves)) > 1:
        both = [network.features(half) for half in halves]
        scores["disjoint_slices"] = {"real": feature_scores(*both, config, network.name)}
    alike = {name: likeness(images[name], training) for name in ("held_out", *METHODS)}
    report = {
        "segmentation": vars(segmentation),
        "structure": {name: each.summary() for name, each in found.items()},
        "s2_error": errors,
        "scores": scores,
        "likeness": {name: likeness_summary(values) for name, values in alike.items()},
        "size": size,
    }
    write_json(REPORTS / "digital_core.json", report)
    curves = {name: each["s2"] for name, each in report["structure"].items()}
    shown = {name: each[:_SHOWN] for name, each in images.items()}
    figures = {
        "cores.png": core_plots.side_by_side(shown),
        "s2.png": core_plots.correlations(curves, "real"),
    }
    with run("evaluate_wgan", f"{count} cores of {size} pixels") as tracked:
        kids = {name: {r: s["kid"] for r, s in each.items()} for name, each in scores.items()}
        tracked.log_metrics({"kid": kids, "s2_error": errors, "likeness": report["likeness"]})
        for name, figure in figures.items():
            tracked.log_figure(figure, name)
            plots.save(figure, REPORTS / "digital_core" / name)
    for name, each in scores.items():
        for real, score in each.items():
            print(
                f"{name:>16} against {real:<9} KID {score['kid']['mean']:.5f} "
                f"± {score['kid']['sd']:.5f}   FID {score['fid']:.2f}"
            )


if __name__ == "__main__":
    with exit_on_input_error():
        main()
