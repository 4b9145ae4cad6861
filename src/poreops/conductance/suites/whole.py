"""Every suite of the line on what the stages before it wrote."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from poreops.base.hdf5 import open_hdf5, read_hdf5
from poreops.base.targets import targets_in
from poreops.conductance.suites.drift import drift_facts, drift_suite, read_profile
from poreops.conductance.suites.rules import (
    ValidationConfig,
    conduit_facts,
    conduit_suite,
    label_facts,
    label_suite,
    volume_facts,
    volume_suite,
)
from poreops.conduits.table import read_conduits
from poreops.mlops.expectations import Report, validate

_SLICE = 512  # conduits read at a time


def validated(
    artifacts: Path,
    roles: Sequence[str],
    unlabelled: Sequence[str],
    profile: Path,
    config: ValidationConfig,
) -> Report:
    """Check volumes, conduits and labels, and the drift of the labels.

    Parameters
    ----------
    artifacts : folder of the line, with volumes, regions, conduits and labels
    roles : whose conduits are labelled, as "train"
    unlabelled : roles that have volumes only
    profile : file of the reference distribution
    config : ValidationConfig
    """
    images = (
        item
        for role in (*roles, *unlabelled)
        for item in read_hdf5(artifacts / f"volumes/{role}.h5")[0].items()
    )
    report = validate(volume_facts(images), volume_suite(config))
    tables = {role: _conduit_table(artifacts, role) for role in roles}
    conduits = pd.concat(tables.values())
    report += validate(conduits, conduit_suite())
    parts = [role for role in roles for _ in range(len(tables[role]))]
    for of in targets_in(artifacts / "labels", f"{roles[0]}.h5"):
        files = [artifacts / "labels" / of / f"{role}.h5" for role in roles]
        found = [read_hdf5(path)[0]["size_factor"] for path in files]
        labels = pd.Series([value for part in found for value in part])
        # a conduit whose simulation did not settle has no label
        known = labels.notna()
        labels = labels[known].reset_index(drop=True)
        digests, names = conduits["digest"].to_numpy()[known], conduits.index.to_numpy()[known]
        own = [part for part, there in zip(parts, known, strict=True) if there]
        facts = label_facts(labels, list(digests), own, list(names))
        report += validate(facts, label_suite(config))
        if read_hdf5(files[0])[1]["target"] == "diffusive":  # as the reference distribution is
            facts = drift_facts(labels, read_profile(profile))
            report += validate(facts, drift_suite(config))
    return report


def _conduit_table(artifacts: Path, role: str) -> pd.DataFrame:
    """Read the facts of a role's conduits in slices."""
    with open_hdf5(artifacts / f"regions/{role}.h5") as file:
        shapes = {int(name): file[f"{name}/labels"].shape for name in file}
    path = artifacts / f"conduits/{role}.h5"
    with open_hdf5(path) as file:
        count = len(file["volume"])
    parts = [
        conduit_facts(read_conduits(path, slice(start, start + _SLICE)), shapes)
        for start in range(0, count, _SLICE)
    ]
    return pd.concat(parts).rename(index=lambda name: f"{role} {name}")
