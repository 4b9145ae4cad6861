"""A version carries the digests of what it was made from, and no others."""

import pytest

from poreops.base.files import write_yaml
from poreops.mlops.tracking.lineage import lineage


@pytest.fixture
def pipeline(tmp_path):
    """Two lines on one data folder; the second stage of each reads the first."""
    stages, locked = {}, {}
    for line in ("cores", "conductance"):
        make, use = f"{line}_make", f"{line}_register"
        made = f"artifacts/{line}/made"
        stages[make] = {"deps": ["data/raw", "src"]}
        stages[use] = {"deps": [f"{made}/part.h5", {"src": {}}]}
        locked[make] = {
            "deps": [{"path": "data/raw", "md5": "0"}],
            "outs": [{"path": made, "md5": f"{line}.dir"}],
        }
        locked[use] = {
            "deps": [{"path": f"{made}/part.h5", "md5": "1"}],
            "outs": [{"path": f"mlflow/registered/{line}.json", "md5": "old"}],
        }
    write_yaml(tmp_path / "dvc.yaml", {"stages": stages})
    write_yaml(tmp_path / "dvc.lock", {"stages": locked})
    write_yaml(tmp_path / "data.dvc", {"outs": [{"path": "data", "md5": "d.dir"}]})
    return tmp_path


def digests(folder):
    return {k.removeprefix("dvc.md5."): v for k, v in lineage(folder).items() if "dvc.md5." in k}


def test_a_stage_stands_on_its_own_line_alone(pipeline, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", "conductance_register")
    assert digests(pipeline) == {"artifacts/conductance/made": "conductance.dir", "data": "d.dir"}


def test_without_dvc_yaml_the_lock_says_it(pipeline, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", "cores_register")
    (pipeline / "dvc.yaml").unlink()
    assert digests(pipeline) == {"artifacts/cores/made": "cores.dir", "data": "d.dir"}


def test_outside_a_stage_nothing_says_what_is_read(pipeline, monkeypatch):
    monkeypatch.delenv("DVC_STAGE", raising=False)
    assert len(digests(pipeline)) == 5
