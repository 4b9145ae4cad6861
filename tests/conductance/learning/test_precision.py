"""Lower precision is used only where its gradients are right."""

import numpy as np
import pytest
from tiny import conductance as tiny_model

from poreops.conductance.learning.precision import gradient_error, usable

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("ndim", [2, 3])
def test_the_gradients_of_float32_are_those_of_float32(ndim):
    error, _ = gradient_error("float32", tiny_model.network(), ndim)
    assert len(error) > 10
    assert max(error.values()) < 1e-5


def test_wrong_gradients_are_noticed(monkeypatch):
    """As oneDNN's are in bfloat16 on images of 2 x 2 x 2: off by their own size."""
    from poreops.conductance.learning import precision

    true = precision._gradients
    calls = []

    def wrong(model, batch):
        found, seconds = true(model, batch)
        calls.append(model)
        if len(calls) == 2:
            name = next(name for name in found if "stage1" in name and "kernel" in name)
            found[name] = np.full_like(found[name], np.nan)
        return found, seconds / len(calls)

    monkeypatch.setattr(precision, "_gradients", wrong)
    error, ratio = gradient_error("mixed_bfloat16", tiny_model.network(), 3)
    assert max(error.values()) == np.inf
    assert ratio < 1
    calls.clear()
    assert usable("mixed_bfloat16", tiny_model.network(), 3) == "float32"


def test_float32_and_networks_without_an_image_are_not_probed():
    assert usable("float32", tiny_model.network(), 3) == "float32"
    assert usable("mixed_bfloat16", tiny_model.network(image="none"), 3) == "float32"
