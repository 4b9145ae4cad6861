"""The few figures of each line, and the table in which DVC shows them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from poreops.mlops import metrics

ROOT = Path(__file__).parents[2]
LINES = ("conductance", "properties", "cores")


def scores(mape):
    return {"mape": mape, "r2": 1 - mape}


def both(porosity, log_k):
    return {
        "porosity": {"r2": 1 - porosity, "mae": porosity},
        "log_permeability": {"r2": 1 - log_k, "mae": log_k},
    }


def row(kid):
    names = ("kid", "fid", "s2", "copies")
    return {"sets": 2} | {name: {"mean": kid * (i + 1), "sd": 0.1} for i, name in enumerate(names)}


FEW = {
    "conductance": metrics.conductance(
        {
            "champion": "scalars",
            "conduits": 3214,
            "unseen": {
                "scalars": scores(0.0345678), "coarse": scores(0.09), "dns": scores(0.0),
                "geometry": scores(0.5), "shape_factor": scores(0.4),
            },
        }
    ),
    "properties": metrics.properties(
        {
            "kind_left_out": {
                "served": both(0.01, 0.2), "kozeny_carman": both(0.02, 0.25),
                "porosity_alone": both(0.02, 0.5), "constant": both(0.05, 0.9),
            }
        },
        {
            "coverage": {"served": {"porosity": 0.91, "log_permeability": 0.87}},
            "rocks": {"report": 20},
        },
    ),
    "cores": metrics.cores(
        {
            "table": {
                "real": row(0.001), "wgan_gp": row(0.05), "dcgan": row(0.04), "noise": row(0.8),
                "blobs": row(0.3),
            },
            "cores": 100,
        }
    ),
}  # fmt: skip


def test_the_figures_are_those_of_what_is_offered_beside_its_nulls_and_rules():
    assert FEW == {
        "conductance": {"off": 0.0346, "null": 0.09, "rule": 0.4, "r2": 0.965, "tested": 3214},
        "properties": {
            "off": 0.2, "null": 0.5, "rule": 0.25, "r2": 0.8, "phi": 0.01, "covered": 0.87,
            "tested": 20,
        },
        "cores": {
            "off": 40.0, "null": 300.0, "real": 1.0, "s2": 0.12, "copies": 0.16, "tested": 100,
        },
    }  # fmt: skip


def test_the_coarse_solve_is_no_null_of_itself():
    report = {
        "champion": "coarse", "conduits": 2, "unseen": {"coarse": scores(0.1), "dns": scores(0.0)}
    }  # fmt: skip
    assert metrics.conductance(report) == {"off": 0.1, "r2": 0.9, "tested": 2}


def test_dvc_keeps_the_small_files_alone_as_metrics():
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    named = {next(iter(entry)) for stage in stages.values() for entry in stage.get("metrics", [])}
    assert named == {f"reports/{line}/metrics.json" for line in LINES}


@pytest.mark.slow
def test_dvc_metrics_show_fits_a_screen(tmp_path):
    named = []
    for line, few in FEW.items():
        # R² alone may be negative
        widest = dict.fromkeys(few, 0.123456) | {"tested": 32145}
        if "r2" in few:
            widest["r2"] = -12.34
        named.append(f"reports/{line}/metrics.json")
        path = tmp_path / named[-1]
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({name: metrics.rounded(v) for name, v in widest.items()}))
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"metrics": named}))
    python = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{python}:{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1"}

    def run(*command):
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
        ).stdout

    run("dvc", "init", "--no-scm", "-q")
    # DVC takes a figure of the name "error" for a failure
    assert not any("error" in few for few in FEW.values())
    table = run("dvc", "metrics", "show").splitlines()
    assert len(table) == 1 + len(FEW)
    assert max(map(len, table)) <= 120
