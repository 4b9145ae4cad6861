"""Register the model that was judged, and promote it if it passes the gate.

Writes mlflow/registered/properties.json. The gate goes by the gate part; the report part is
not read.
"""

from pathlib import Path

import poreops.properties
from poreops.base.files import read_json, read_table, sha256, write_json
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.mlops.registry import Candidate, Scores, enter
from poreops.mlops.tracking import Tensor, save_pyfunc
from poreops.properties.gate import MAIN, RockGateConfig, flat, verdict
from poreops.properties.judging.left_out_kinds import probe_scores
from poreops.properties.model import RockModel
from poreops.properties.registry import MODEL

FILES, PROBE = (
    Path("artifacts/properties/judged/model"),
    Path("artifacts/properties/parts/gate.parquet"),
)
PACKAGE = Path("artifacts/.partial/properties-package")


def score(files: Path, probe: Path) -> Scores:
    """Load a model's own files and score them on the plugs of a table."""
    return probe_scores(RockModel.load(files), read_table(probe))


def main() -> None:
    """Register the model, and promote it if the verdict lets it."""
    judged = read_json("artifacts/properties/judged/judged.json")
    gate, model = section("properties.gate", RockGateConfig), RockModel.load(FILES)
    candidate = Candidate(
        name=MODEL,
        files=FILES,
        probe=PROBE,
        judged=judged["sha256"],
        judged_on=sha256(PROBE),
        scores=judged["scores"],
        main=MAIN,
        probed=judged["probe"],
        valid=read_json("reports/properties/validation.json")["success"],
        nulls={name: flat(judged["candidates"][name]) for name in gate.margins},
        params={"served": model.served, "features": model.features},
        walls=model.walls,
    )
    save_pyfunc(
        PACKAGE,
        Path(poreops.properties.__path__[0]) / "served.py",
        {"stack": FILES, "probe": PROBE},
        inputs=Tensor("uint8", (-1, -1, -1)),
        outputs=Tensor("float64", (-1, 2)),
        requirements=["poreops"],
    )
    registered = enter(
        candidate, PACKAGE, "properties_register", "rock_gate", score,
        lambda standing: verdict(judged, standing, candidate.valid, gate),
    )  # fmt: skip
    print(registered)
    write_json("mlflow/registered/properties.json", registered.content)


if __name__ == "__main__":
    with exit_on_input_error():
        main()
