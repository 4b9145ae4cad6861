"""Find a run by what a person calls it, and read all that it logged."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from poreops.errors import InputError
from poreops.mlops.tracking.connection import plain_errors, reader
from poreops.mlops.tracking.embedded import tracking_uri
from poreops.mlops.tracking.owners import pages
from poreops.mlops.tracking.versions import resolve

_NAMED = 5


@dataclass(frozen=True)
class Logged:
    """All that a run logged.

    Attributes
    ----------
    id, name, status, experiment : of the run
    params, metrics, tags : name → value; of a metric the last one
    data : name of a data set → digest
    patch : difference of the code from its commit; "" for none
    """

    id: str
    name: str
    status: str
    experiment: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    data: Mapping[str, str]
    patch: str


def find_run(name: str) -> Logged:
    """Return a run.

    Parameters
    ----------
    name : its id or the first characters of it, its name, that of its DVC experiment, or the URI
        of a registered model, for the run that registered it. Of several with a name, the newest.

    Raises
    ------
    InputError
        If there is none, or several begin so.
    """
    if name.startswith("models:/"):
        return _logged(resolve(name).run_id)
    with plain_errors():
        experiments = pages(lambda token: reader().search_experiments(page_token=token))
        ids = [experiment.experiment_id for experiment in experiments]
        if re.fullmatch("[0-9a-f]{4,32}", name):
            # MLflow finds no part of an id
            every = pages(lambda token: reader().search_runs(ids, page_token=token))
            begins = [run for run in every if run.info.run_id.startswith(name)]
            if len(begins) > 1:
                raise InputError(
                    f"a run must be named so that it is one, {len(begins)} begin with {name}; "
                    "give more of its id"
                )
            if begins:
                return _logged(begins[0].info.run_id)
        safe = name.replace("'", "")
        for query in (f"attributes.run_name = '{safe}'", f"tags.dvc.experiment = '{safe}'"):
            query = query.replace("tags.dvc.experiment", "tags.`dvc.experiment`")
            found = reader().search_runs(ids, query, order_by=["attributes.start_time DESC"])
            if found:
                return _logged(found[0].info.run_id)
        newest = reader().search_runs(
            ids, order_by=["attributes.start_time DESC"], max_results=_NAMED
        )
    listed = ", ".join(f"{run.info.run_id[:8]} ({run.info.run_name})" for run in newest)
    raise InputError(
        f"a run must be in {tracking_uri()}, got {name}; the newest are: {listed or 'none'}"
    )


def _logged(run_id: str) -> Logged:
    run = reader().get_run(run_id)
    experiment = reader().get_experiment(run.info.experiment_id).name
    inputs = run.inputs.dataset_inputs if run.inputs else []
    digests = {
        tag.removeprefix("dvc.md5."): value
        for tag, value in run.data.tags.items()
        if tag.startswith("dvc.md5.")
    }
    return Logged(
        id=run.info.run_id,
        name=run.info.run_name,
        status=run.info.status,
        experiment=experiment,
        params=dict(run.data.params),
        metrics=dict(run.data.metrics),
        tags=dict(run.data.tags),
        data=digests | {one.dataset.name: one.dataset.digest for one in inputs},
        patch=_patch(run.info.run_id) if run.data.tags.get("git.dirty") == "true" else "",
    )


def _patch(run_id: str) -> str:
    """Return the uncommitted changes that a run kept; "" where they are gone."""
    from mlflow.exceptions import MlflowException

    uri = reader().get_run(run_id).info.artifact_uri
    import mlflow

    try:
        return str(mlflow.artifacts.load_text(f"{uri}/git.diff"))
    except (MlflowException, OSError):
        return ""
