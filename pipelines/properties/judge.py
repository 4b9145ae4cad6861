"""Decide on the gate part what answers for each property: artifacts/properties/judged/.

The rocks of the report have no part in it.
"""

from pathlib import Path

from poreops.base.files import read_table, sha256, write_json
from poreops.base.settings import section
from poreops.errors import exit_on_input_error
from poreops.mlops.tracking import run
from poreops.properties.gate import GateConfig
from poreops.properties.judging.decision import decide
from poreops.properties.judging.evaluation import JudgingConfig
from poreops.properties.judging.left_out_kinds import Trained, probe_scores

ARTIFACTS = Path("artifacts/properties")
PART, OUT = ARTIFACTS / "parts/gate.parquet", ARTIFACTS / "judged"


def main() -> None:
    """Write the model that may be served, and what it reached on the gate part."""
    coverage = section("properties.judging", JudgingConfig).coverage
    gate, table = section("properties.gate", GateConfig), read_table(PART)
    found = decide(Trained.read(ARTIFACTS), table, coverage, gate)
    found.model.save(OUT / "model")
    files = {"sha256": sha256(OUT / "model"), "probe": probe_scores(found.model, table)}
    write_json(OUT / "judged.json", found.report | files)
    write_json("reports/properties/gate.json", found.report)
    with run("properties_judge", found.model.name) as tracked:
        tracked.log_params({"served": found.answers})
        tracked.log_metrics({"served": found.own, "coverage": found.coverage} | found.candidates)
    print(f"served: {', '.join(f'{target} by {n}' for target, n in found.answers.items())}")


if __name__ == "__main__":
    with exit_on_input_error():
        main()
