"""Check volumes, conduits and labels: reports/conductance/validation.json and .html; a failure stops here."""

from pathlib import Path

import pandas as pd

from poreops.base.files import write_json, write_text
from poreops.base.hdf5 import open_hdf5, read_hdf5
from poreops.base.settings import section
from poreops.conductance.suites import (
    ValidationConfig,
    conduit_facts,
    conduit_suite,
    drift_facts,
    drift_suite,
    label_facts,
    label_suite,
    read_profile,
    volume_facts,
    volume_suite,
)
from poreops.conduits.table import read_conduits
from poreops.errors import exit_on_input_error
from poreops.mlops.expectations import validate

ARTIFACTS, REPORTS = Path("artifacts/conductance"), Path("reports/conductance")
_SLICE = 512  # conduits read at a time


def conduit_table(role: str) -> pd.DataFrame:
    """Read the facts of a role's conduits in slices."""
    with open_hdf5(ARTIFACTS / f"regions/{role}.h5") as file:
        shapes = {int(name): file[f"{name}/labels"].shape for name in file}
    path = ARTIFACTS / f"conduits/{role}.h5"
    with open_hdf5(path) as file:
        count = len(file["volume"])
    parts = [
        conduit_facts(read_conduits(path, slice(start, start + _SLICE)), shapes)
        for start in range(0, count, _SLICE)
    ]
    return pd.concat(parts).rename(index=lambda name: f"{role} {name}")


def main() -> None:
    """Write the report, then fail if an expectation failed."""
    config = section("conductance.validation", ValidationConfig)
    roles = ("train", "gate", "unseen")
    images = (
        item
        for role in (*roles, "network")
        for item in read_hdf5(ARTIFACTS / f"volumes/{role}.h5")[0].items()
    )
    report = validate(volume_facts(images), volume_suite(config))
    tables = {role: conduit_table(role) for role in roles}
    conduits = pd.concat(tables.values())
    report += validate(conduits, conduit_suite())
    found = [read_hdf5(ARTIFACTS / f"labels/{role}.h5")[0]["size_factor"] for role in roles]
    labels = pd.Series([value for part in found for value in part])
    splits = [role for role in roles for _ in range(len(tables[role]))]
    # a conduit whose simulation did not settle has no label
    known = labels.notna()
    labels = labels[known].reset_index(drop=True)
    digests, names = conduits["digest"].to_numpy()[known], conduits.index.to_numpy()[known]
    splits = [split for split, there in zip(splits, known, strict=True) if there]
    facts = label_facts(labels, list(digests), splits, list(names))
    report += validate(facts, label_suite(config))
    profile = read_profile("data/conductance/size_factor_profile.json")
    report += validate(drift_facts(labels, profile), drift_suite(config))
    write_json(REPORTS / "validation.json", report.to_json())
    write_text(REPORTS / "validation.html", report.to_html("Validation of the conduits"))
    report.require()


if __name__ == "__main__":
    with exit_on_input_error():
        main()
