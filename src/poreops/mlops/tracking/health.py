"""What is wrong inside a store that can be read: dead runs, versions whose files are gone."""

from poreops.mlops.tracking.connection import client, plain_errors, reader
from poreops.mlops.tracking.owners import OWNER, gone, pages
from poreops.mlops.tracking.versions import ModelVersion, has_files, registered_names, versions_of


def dead_runs() -> list[str]:
    """Return the ids of runs that are running for processes which are gone."""
    with plain_errors():
        experiments = pages(lambda token: reader().search_experiments(page_token=token))
        ids = [experiment.experiment_id for experiment in experiments]
        query = "attributes.status = 'RUNNING'"
        found = pages(lambda token: reader().search_runs(ids, query, page_token=token))
    return [run.info.run_id for run in found if gone(run.data.tags.get(OWNER, ""))]


def end_runs(ids: list[str]) -> None:
    """End runs as KILLED.

    Parameters
    ----------
    ids : of runs
    """
    with plain_errors():
        for run_id in ids:
            client().set_terminated(run_id, "KILLED")


def versions_without_files() -> list[str]:
    """Return the URIs of versions whose model is not where the registry says."""
    with plain_errors():
        found = pages(lambda token: reader().search_model_versions(page_token=token))
    return [
        f"models:/{version.name}/{version.version}"
        for version in sorted(found, key=lambda one: (one.name, int(one.version)))
        # one that was registered by hand may lie elsewhere
        if version.source.endswith("/model") and not has_files(version.run_id)
    ]


def every_version() -> list[ModelVersion]:
    """Return every version of every model, the newest of each first."""
    return [version for name in registered_names() for version in versions_of(name)]
