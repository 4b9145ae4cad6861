"""A model of one convention of walls is not compared with a champion of the other."""

import pytest

from poreops.base.files import sha256
from poreops.mlops import tracking
from poreops.mlops.registry import Candidate, enter


@pytest.fixture
def enter_model(repository, save_model, tmp_path):
    """Enter a model whose weight is its error."""

    def enter_model(weight, walls):
        package = save_model(weight)
        files = tmp_path / f"files-{weight}"
        files.mkdir(exist_ok=True)
        (files / "weight.txt").write_text(str(weight))
        candidate = Candidate(
            name="hydraulic-conductance",
            files=files,
            probe=files,
            judged=sha256(files),
            judged_on=f"labels of {walls} walls",
            scores={"mape": weight},
            main="mape",
            probed={"mape": weight},
            valid=True,
            nulls={},
            params={},
            walls=walls,
        )

        def score(folder, probe):
            return {"mape": float((folder / "weight.txt").read_text())}

        return enter(candidate, package, "register", "gate", score, lambda _: [])

    return enter_model


def test_the_better_model_of_other_walls_does_not_replace_the_champion(enter_model):
    assert enter_model(2.0, "stepped").reasons == []
    found = enter_model(1.0, "smooth")
    (reason,) = found.reasons
    assert "smooth walls does not compare with the stepped walls of the champion" in reason
    champion = tracking.champion_info("hydraulic-conductance")
    assert champion.version == 1
    assert champion.tags["walls"] == "stepped"
    # one of the same walls does
    assert enter_model(1.5, "stepped").reasons == []


def test_a_champion_that_states_no_walls_is_of_smooth_ones(enter_model):
    assert enter_model(2.0, None).reasons == []
    assert "the smooth walls of the champion" in enter_model(1.0, "stepped").reasons[0]
    assert enter_model(1.2, "smooth").reasons == []
