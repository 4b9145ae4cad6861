"""Gate the generators, register the best, promote it if it passes: mlflow/registered.

The better of WGAN-GP and DCGAN, by the crops of the gate, is what is offered. The gate scores the
very files that it registers, and nulls beside them: reports/cores/gate.json.
"""

from pathlib import Path
from typing import Any

import poreops.cores
from poreops.base.files import read_json, sha256, write_json
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.base.settings import section
from poreops.cores import gate
from poreops.cores.judging.evaluation import CoreEvaluationConfig, Judge, real_real
from poreops.cores.judging.nulls import NULLS, nulls
from poreops.cores.model import DESCRIPTION, DigitalCoreModel, grey_probe
from poreops.cores.registry import MODEL
from poreops.errors import exit_on_input_error
from poreops.mlops.registry import Candidate, enter
from poreops.mlops.tracking import Tensor, save_pyfunc

CROPS, MODELS = Path("artifacts/cores/crops"), Path("artifacts/cores/models")
PARTIAL, REPORT = Path("artifacts/.partial"), Path("reports/cores/gate.json")
PARTS = ("train", "search", "gate")  # the report's crops are not read here
_PROBED = 50  # crops that later rivals are scored on too


def judged(judge: Judge, real: dict[str, Any], folders: list[Path]) -> dict[str, Any]:
    """Score the rock against itself, the nulls and every trained generator."""
    config, size = judge.config, judge.training.shape[1]
    views = {part: judge.view(images) for part, images in real.items()}
    target = views["gate"]
    drawn = nulls(judge.training, config.cores, judge.segmentation, seed=config.seed)
    cores = {
        folder.relative_to(MODELS).as_posix(): DigitalCoreModel.load(folder).generate(
            config.cores, size, seed=config.seed
        )
        for folder in folders
    }
    return {
        "real": real_real(judge, views["train"], [views["search"], target]),
        "nulls": {
            NULLS[name]: judge.scores(judge.view(images), target) for name, images in drawn.items()
        },
        "candidates": {
            name: judge.scores(judge.view(images), target) for name, images in cores.items()
        },
    }


def main() -> None:
    """Register, alias as challenger, and promote if the verdict lets it."""
    config = section("cores.judging", CoreEvaluationConfig)
    limits = section("cores.gate", gate.CoreGateConfig)
    report = read_json("reports/cores/scores.json")
    valid = read_json("reports/cores/validation.json")["success"]
    real = {part: read_hdf5(CROPS / f"{part}.h5")[0]["images"] for part in PARTS}
    judge = Judge.fit(real["train"], config)
    found = judged(judge, real, [MODELS / name for name in report["models"]])

    def verdict(name: str, standing: Any = None) -> list[str]:
        return gate.verdict(
            found["candidates"][name], found["real"], found["nulls"], limits,
            valid=valid, standing=standing,
        )  # fmt: skip

    reasons = {name: verdict(name) for name in found["candidates"]}
    offered = gate.best(found["candidates"], reasons)
    method = offered.split("/")[0]
    write_json(REPORT, found | {"offered": offered, "reasons": reasons})
    files, probe = MODELS / offered, PARTIAL / "digital-core-probe.h5"
    write_hdf5(probe, {"images": real["gate"][:_PROBED]}, {})

    def score(folder: Path, crops: Path) -> dict[str, float]:
        model, images = DigitalCoreModel.load(folder), read_hdf5(crops)[0]["images"]
        cores = model.generate(len(images), images.shape[1], seed=config.seed)
        kid = judge.kid(judge.view(cores), judge.view(images))
        return {"kid": kid} | grey_probe(model)

    candidate = Candidate(
        name=MODEL,
        files=files,
        probe=probe,
        judged=report["models"][offered]["sha256"],
        judged_on=sha256(CROPS / "gate.h5"),
        scores=found["candidates"][offered],
        main=gate.MAIN,
        probed=report["models"][offered]["probe"],
        valid=valid,
        nulls=found["nulls"],
        params=read_json(files / DESCRIPTION),
        tags={"method": method, "trained": offered},
    )
    package = PARTIAL / "digital-core-pyfunc"
    save_pyfunc(
        package,
        Path(poreops.cores.__path__[0]) / "served.py",
        {"generator": files, "probe": probe},
        inputs=Tensor("int64", (-1, 2)),
        outputs=Tensor("uint8", (-1, -1, -1)),
        requirements=["poreops"],
        metadata={"method": method},
    )
    registered = enter(
        candidate, package, "cores_register", "wgan_gate", score,
        lambda standing: verdict(offered, standing),
    )  # fmt: skip
    print(f"{registered} ({offered})")
    content = dict(registered.content) | {"method": method}
    write_json("mlflow/registered/cores.json", content)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
