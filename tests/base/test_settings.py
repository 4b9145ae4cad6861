"""A stage reads its own section; a search changes known parameters only."""

import pytest
from tiny import conductance as tiny_model

from poreops.base.files import write_yaml
from poreops.base.settings import overridden, section
from poreops.conductance.gate import GateConfig
from poreops.conductance.learning.training import Candidate
from poreops.errors import InputError

GATE = {
    "r2_min": 0.9, "r2_log_min": 0.9, "mape_max": 0.15, "null_margin": 0.8, "member_gain": 0.9,
    "material_margin": 1, "probe": 8,
}  # fmt: skip


def test_a_section_is_typed(tmp_path):
    write_yaml(tmp_path / "params.yaml", {"gate": GATE, "other": {"anything": 1}})
    assert section("gate", GateConfig, tmp_path / "params.yaml") == GateConfig(**GATE)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ({}, "must hold the section gate, got none; add it"),
        ({"gate": GATE | {"mape_max": -1}}, r"gate\.mape_max: .* greater .*, got -1"),
        ({"gate": {"r2_min": 0.9}}, r"gate\.r2_log_min: Field required"),
    ],
)
def test_a_section_that_is_missing_or_wrong(tmp_path, content, rule):
    write_yaml(tmp_path / "params.yaml", content)
    with pytest.raises(InputError, match=rule) as raised:
        section("gate", GateConfig, tmp_path / "params.yaml")
    assert "\n" not in str(raised.value)


CANDIDATE = Candidate(network=tiny_model.network(), training=tiny_model.training())


def test_an_override_changes_what_it_names_and_nothing_else():
    found = overridden(CANDIDATE, {"training.batch_size": 8, "network.widths": [2, 4]})
    assert found.training.batch_size == 8
    assert found.network.widths == (2, 4)
    assert CANDIDATE.training.batch_size == 16
    back = overridden(found, {"training.batch_size": 16, "network.widths": [4, 8]})
    assert back == CANDIDATE


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"training.batchsize": 8}, r"only known parameters, got training\.batchsize"),
        ({"nothing.here": 8}, r"got nothing\.here"),
        ({"training.seed.deep": 8}, r"got training\.seed\.deep"),
        ({"training.loss": "mad"}, r"training\.loss: .*, got 'mad'"),
        ({"network.widths": [1, 2, 3]}, "one number for each stage"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(change, rule):
    with pytest.raises(InputError, match=rule) as raised:
        overridden(CANDIDATE, change)
    assert "\n" not in str(raised.value)
