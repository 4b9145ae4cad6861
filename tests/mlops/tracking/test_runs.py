"""Runs: what was logged is found again with MLflow's own client."""

import math
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from mlflow import MlflowClient

from poreops.errors import InputError
from poreops.mlops import tracking
from poreops.mlops.tracking.lineage import environment_digest


@pytest.fixture
def mlflow_client(repository):
    return MlflowClient(tracking.tracking_uri())


def test_params_and_metrics_are_logged_under_dotted_names(mlflow_client):
    with tracking.run("training", "a") as run:
        run.log_params({"net": {"width": 8, "blocks": [1, 2]}, "long": "x" * 7000})
        run.log_metrics({"unseen": {"r2": 0.5}, "nan": math.nan})
    data = mlflow_client.get_run(run.id).data
    assert data.params == {"net.width": "8", "net.blocks": "[1, 2]", "long": "x" * 6000}
    assert data.metrics["unseen.r2"] == 0.5
    assert math.isnan(data.metrics["nan"])


def test_a_history_of_many_epochs_is_logged_whole(mlflow_client):
    with tracking.run("training", "a") as run:
        run.log_history({"loss": [1 / (k + 1) for k in range(1500)], "mae": [3.0]}, first_step=1)
    history = mlflow_client.get_metric_history(run.id, "loss")
    assert [(m.step, m.value) for m in history] == [(k + 1, 1 / (k + 1)) for k in range(1500)]
    assert [m.step for m in mlflow_client.get_metric_history(run.id, "mae")] == [1]


def test_more_params_than_one_request_takes(mlflow_client):
    params = {f"p{k}": k for k in range(250)}
    with tracking.run("training", "a") as run:
        run.log_params(params)
    assert mlflow_client.get_run(run.id).data.params == {k: str(v) for k, v in params.items()}


def test_a_dataset_is_logged_by_its_digest(mlflow_client):
    with tracking.run("training", "a") as run:
        run.log_dataset(
            "conduits/train", "d41d8cd98f00b204e9800998ecf8427e.dir", "training", rows=9
        )
    (logged,) = mlflow_client.get_run(run.id).inputs.dataset_inputs
    assert logged.dataset.digest == "d41d8cd98f00b204e9800998ecf8427e.dir"
    assert logged.dataset.name == "conduits/train"
    assert logged.tags[0].value == "training"


def test_files_figures_and_text_become_artifacts(mlflow_client, tmp_path):
    from matplotlib.figure import Figure

    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a.txt").write_text("a")
    with tracking.run("training", "a") as run:
        run.log_file(tmp_path / "folder/a.txt")
        run.log_file(tmp_path / "folder", "whole")
        run.log_text("t", "notes/t.txt")
        run.log_figure(Figure(), "parity.png")
    for folder, names in {
        "": ["a.txt", "notes", "parity.png", "whole"],
        "whole": ["whole/a.txt"],
        "notes": ["notes/t.txt"],
    }.items():
        assert [file.path for file in mlflow_client.list_artifacts(run.id, folder)] == names


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")]
)
def test_a_run_that_fails_is_marked_and_the_error_goes_on(mlflow_client, error, status):
    with pytest.raises(error), tracking.run("training", "a") as run:
        raise error
    assert mlflow_client.get_run(run.id).info.status == status
    with tracking.run("training", "b") as run:
        pass
    assert mlflow_client.get_run(run.id).info.status == "FINISHED"


def test_parallel_trials_keep_their_parent_and_their_values(mlflow_client):
    with tracking.run("tuning", "search") as search:

        def trial(number):
            with tracking.run(
                "tuning", f"trial {number}", parent=search, tags={"n": number}
            ) as run:
                run.log_metrics({"loss": number})

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(trial, range(8)))
    found = mlflow_client.search_runs(
        [mlflow_client.get_run(search.id).info.experiment_id],
        f"tags.`mlflow.parentRunId` = '{search.id}'",
    )
    values = sorted((run.info.run_name, run.data.metrics["loss"]) for run in found)
    assert values == [(f"trial {n}", float(n)) for n in range(8)]


def test_a_run_carries_its_lineage(mlflow_client, repository, monkeypatch):
    def git(*arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=repository, check=True)

    (repository / ".gitignore").write_text("mlflow\n")
    (repository / "params.yaml").write_text("a: 1\n")
    (repository / "dvc.lock").write_text("stages: {}\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    # dvc writes dvc.lock while the pipeline runs: not a change of the code
    (repository / "dvc.lock").write_text(
        "stages:\n"
        "  label: {outs: [{path: artifacts/conductance/labels, md5: 11.dir}, "
        "{path: a/b.json, md5: '22'}]}\n"
        "  train: {deps: [{path: artifacts/conductance/labels}, {path: a}, {path: data/raw}], "
        "outs: [{path: artifacts/conductance/models, md5: old}]}\n"
    )
    (repository / "data.dvc").write_text("outs: [{path: data, md5: 33.dir}]\n")
    git("add", "data.dvc")
    git("commit", "-qm", "second")
    monkeypatch.setenv("DVC_STAGE", "train")
    with tracking.run("training", "clean") as run:
        pass
    tags = mlflow_client.get_run(run.id).data.tags
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert tags["git.commit"] == tags["mlflow.source.git.commit"] == head
    assert tags["git.dirty"] == "false"
    assert tags["dvc.stage"] == "train"
    digests = {k.removeprefix("dvc.md5."): v for k, v in tags.items() if k.startswith("dvc.md5.")}
    assert digests == {
        "artifacts/conductance/labels": "11.dir",
        "a/b.json": "22",
        "data": "33.dir",
    }

    (repository / "params.yaml").write_text("a: 2\n")
    with tracking.run("training", "dirty") as run:
        pass
    assert mlflow_client.get_run(run.id).data.tags["git.dirty"] == "true"
    patch = repository / f"mlflow/artifacts/training/{run.id}/artifacts/git.diff"
    assert "+a: 2" in patch.read_text()


def test_a_database_that_is_damaged_under_a_run_is_one_line(mlflow_client, repository):
    """Beyond what is looked at when the store is opened."""
    database = repository / "mlflow/mlflow.db"
    with (
        pytest.raises(
            InputError, match=r"whole and open to this user, got .*move it away and make a new"
        ),
        tracking.run("training", "a") as run,
    ):
        size = database.stat().st_size
        database.write_bytes(b"\xff" * size)
        run.log_metrics({"r2": 1.0})


def test_a_disk_that_is_full_under_a_run_is_one_line(mlflow_client, repository):
    """A database that may not grow, as SQLite sees a full disk."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def bounded(connection, *_):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")

    with tracking.run("training", "a"):
        pass
    event.listen(Engine, "checkout", bounded)
    try:
        with (
            pytest.raises(InputError, match=r"disk is full\).*; make room and run the same"),
            tracking.run("training", "b") as run,
        ):
            run.log_params({f"p{k}": "x" * 6000 for k in range(90)})
    finally:
        event.remove(Engine, "checkout", bounded)


def test_a_run_knows_the_packages_that_it_ran_with(mlflow_client, tmp_path, monkeypatch):
    def logged():
        environment_digest.cache_clear()
        with tracking.run("training", "a") as run:
            pass
        return mlflow_client.get_run(run.id).data.tags["environment.sha256"]

    before = logged()
    assert logged() == before
    package = tmp_path / "rock_tools-1.0.dist-info"
    package.mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    for version in ("1.0", "1.1"):
        (package / "METADATA").write_text(f"Name: rock-tools\nVersion: {version}\n")
        before, last = logged(), before
        assert before != last
    environment_digest.cache_clear()


def test_outside_git_there_is_no_commit(mlflow_client, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", "/")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    with tracking.run("training", "a") as run:
        pass
    assert not [tag for tag in mlflow_client.get_run(run.id).data.tags if "git" in tag]
