"""What the lines report in a clone where the smoke profile ran."""

import shutil

import pytest

from poreops.base.files import read_json

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_the_property_line_reports_every_model_on_every_split(clone):
    report = read_json(clone.folder / "reports/properties/scores.json")
    models = {"mr", "rg", "lr", "rf", "gb", "xgb", "m1", "m2", "m3", "m4", "m5"}
    models |= {"smr_ml", "smr_nn", "kozeny_carman"}
    nulls = {"constant", "porosity_alone"}
    assert set(report) == {"kind_left_out", "rock_left_out", "siblings", "random"}
    assert set(report["kind_left_out"]) == models | nulls | {"served"}
    assert set(report["random"]) == models
    for split in report.values():
        for targets in split.values():
            assert set(targets) == {"porosity", "log_permeability"}
            assert all(set(scores) == {"r2", "mse", "mae"} for scores in targets.values())
    details = read_json(clone.folder / "reports/properties/models.json")
    assert set(details["seconds"]) == models - {"kozeny_carman"}
    page = (clone.folder / "reports/properties/index.html").read_text()
    assert page.count("data:image/png;base64") == 9
    gate = read_json(clone.folder / "reports/properties/gate.json")
    assert set(gate["candidates"]) == nulls | {"smr_ml", "smr_nn", "kozeny_carman"}
    registered = read_json(clone.folder / "mlflow/registered/properties.json")
    assert registered["model"] == "rock-properties"  # champion or not, the line ends well
    assert "http" not in page


def test_the_cores_are_judged_and_a_toy_network_is_no_champion(clone):
    report = read_json(clone.folder / "reports/cores/scores.json")
    assert report["extractor"] == "efficientnet-lite0-1280"
    assert report["cores"] == 16
    table = report["table"]
    nulls = {"constant", "noise", "shuffled", "blobs"}
    assert set(table) == {"real", "wgan_gp", "dcgan", "quilting"} | nulls
    for null in nulls:
        assert table["real"]["kid"]["mean"] < table[null]["kid"]["mean"]
    assert len(report["structure"]["report"]["s2"]["radial"]["mean"]) == 21
    assert read_json(clone.folder / "reports/cores/validation.json")["success"] is True
    gate = read_json(clone.folder / "reports/cores/gate.json")
    registered = read_json(clone.folder / "mlflow/registered/cores.json")
    # twenty steps learn no rock; pieces of a rock may do
    for name, reasons in gate["reasons"].items():
        assert reasons or name.startswith("quilting")
    assert registered["gate"] == (gate["reasons"][gate["offered"]] or "passed")
    assert registered["method"] == gate["offered"].split("/")[0]
    shown = clone(
        "poreops", "generate", "--model", "models:/digital-core@challenger", "--size", "32",
        "-o", "cores",
    )  # fmt: skip
    assert "1 cores of 32 x 32 pixels" in shown
    shutil.rmtree(clone.folder / "cores")
