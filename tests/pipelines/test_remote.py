"""The cache goes away and comes back from a remote: the real DVC, stages of no work."""

import json
import shutil

import pytest
from stubbed import Stubbed

from poreops.base.files import read_yaml

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def clone(project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("remote")
    clone = Stubbed(project, folder / "clone", "cores_")
    clone("dvc", "repro", "-q")
    assert set(clone.ran()) == set(clone.stages)
    clone("dvc", "remote", "add", "-q", "-d", "shelf", str(folder / "shelf"))
    clone.commit("what ran")
    return clone


def test_what_was_pushed_comes_back_and_nothing_runs_again(clone):
    clone("dvc", "push", "-q")
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
