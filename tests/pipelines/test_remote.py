"""The cache goes away and comes back from a remote: the real DVC, stages of no work."""

import json
import shutil

import pytest
import services
from stubbed import Stubbed

from poreops.base.files import read_yaml

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def clone(project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("remote")
    clone = Stubbed(project, folder / "clone", "cores_")
    clone("dvc", "repro", "-q")
    assert set(clone.ran()) == set(clone.stages)
    clone.commit("what ran")
    return clone


@pytest.fixture(params=["directory", "s3"])
def shelf(request, clone, tmp_path, monkeypatch):
    """The clone has an empty remote; what it holds after a push, by name."""
    name = tmp_path / "shelf"
    if request.param == "directory":
        clone("dvc", "remote", "add", "-q", "--local", "-f", "-d", "shelf", str(name))
        yield lambda: [path.relative_to(name).as_posix() for path in name.rglob("*")]
        return
    pytest.importorskip("dvc_s3")
    with services.s3("rocks") as (settings, bucket):
        endpoint = settings.pop("MLFLOW_S3_ENDPOINT_URL")
        for key, value in settings.items():
            monkeypatch.setenv(key, value)
        clone("dvc", "remote", "add", "-q", "--local", "-f", "-d", "shelf", "s3://rocks/dvc")
        clone("dvc", "remote", "modify", "-q", "--local", "shelf", "endpointurl", endpoint)
        yield lambda: [
            entry["Key"].removeprefix("dvc/")
            for page in bucket.get_paginator("list_objects_v2").paginate(Bucket="rocks")
            for entry in page["Contents"]
        ]


def test_what_was_pushed_comes_back_and_nothing_runs_again(clone, shelf):
    clone("dvc", "push", "-q")
    crops = md5(clone, "artifacts/cores/crops/train.h5")
    assert f"files/md5/{crops[:2]}/{crops[2:]}" in shelf()
    tracked = set(clone("git", "ls-files").split())
    gone = [".dvc/cache", "artifacts", "data", *clone.outs("cores_report")]
    for name in {*gone, *(f for f in clone("git", "ls-files", "-o", "reports").split())}:
        path = clone.folder / name
        assert name not in tracked
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    clone("dvc", "pull", "-q")
    clone("dvc", "repro", "-q")
    assert clone.ran() == []
    assert clone("git", "status", "--porcelain") == ""


def md5(clone, path):
    deps = read_yaml(clone.folder / "dvc.lock")["stages"]["cores_train"]["deps"]
    (found,) = [dep["md5"] for dep in deps if dep["path"] == path]
    return found


def test_metrics_and_plots_are_compared_with_what_was_committed(clone):
    metrics = clone.folder / "reports/cores/metrics.json"
    before = metrics.read_text()
    metrics.write_text('{"of": 1}')
    losses = clone.folder / "reports/cores/training/content.csv"
    curve = losses.read_text()
    losses.write_text("epoch,loss\n1,7\n")
    try:
        changed = json.loads(clone("dvc", "metrics", "diff", "HEAD", "--json"))
        assert changed["reports/cores/metrics.json"]["of"] == {
            "old": json.loads(before)["of"], "new": 1, "diff": 1 - json.loads(before)["of"],
        }  # fmt: skip
        clone("dvc", "plots", "diff", "HEAD", "-q", "-o", "compared")
        page = (clone.folder / "compared/index.html").read_text()
        assert '"rev": "HEAD"' in page
        assert '"rev": "workspace"' in page
    finally:
        metrics.write_text(before)
        losses.write_text(curve)
        shutil.rmtree(clone.folder / "compared", ignore_errors=True)


def test_every_report_comes_back(project):
    """What git tracks, or DVC keeps: a judge would run again for what neither has."""
    for name, stage in read_yaml(project / "dvc.yaml")["stages"].items():
        for entry in [*stage.get("outs", []), *stage.get("metrics", [])]:
            if isinstance(entry, dict):
                ((out, how),) = entry.items()
                assert out.endswith("/metrics.json") or how.get("persist"), (name, out)


def test_plots_hold_what_dvc_can_draw(project):
    for stage in read_yaml(project / "dvc.yaml")["stages"].values():
        folders = stage.get("plots", [])
        for out in stage.get("outs", []):
            assert not any(str(out).startswith(f"{folder}/") for folder in folders)
    page = (project / "pipelines/properties/report.py").read_text()
    assert 'REPORTS / "index.html"' in page
