"""A training that was killed goes on from its last whole epoch, with the same weights."""

import keras
import numpy as np
import pytest

from poreops.base.files import read_json
from poreops.mlops.weights.checkpoint import Checkpoint

EPOCHS = 4
IDENTITY = [{"rate": 0.01}, "data of today"]
X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(8, 3)
Y = X.sum(axis=1, keepdims=True)


class KilledError(Exception):
    pass


def trained(folder, identity=IDENTITY, *, killed_in=None, whole=True):
    """Return weights, history and the epoch that a run began with, in a process of its own."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, "tanh")])
    model.add(keras.layers.Dense(1))
    model.compile(keras.optimizers.Adam(0.01), loss="mse", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    kept = Checkpoint(folder, [*model.variables, *model.optimizer.variables], identity)
    history = kept.restore(("loss",))
    began = len(history["loss"])
    for epoch in range(began, EPOCHS):
        loss = model.fit(X, Y, epochs=1, verbose=0, shuffle=False).history["loss"][0]
        if epoch == killed_in and not whole:
            raise KilledError
        history["loss"].append(float(loss))
        kept.save(history)
        if epoch == killed_in:
            raise KilledError
    return model.get_weights(), history, began


@pytest.mark.parametrize("whole", [True, False])
def test_a_killed_run_gives_the_weights_of_one_that_was_not(tmp_path, whole):
    weights, history, _ = trained(None)
    with pytest.raises(KilledError):
        trained(tmp_path, killed_in=2, whole=whole)
    resumed, same, began = trained(tmp_path)
    assert began == (3 if whole else 2)
    assert same == history
    assert all(np.array_equal(a, b) for a, b in zip(weights, resumed, strict=True))


def test_weights_that_the_history_does_not_name_do_not_count(tmp_path):
    """A run that is killed while it writes leaves weights of an epoch that is not finished."""
    with pytest.raises(KilledError):
        trained(tmp_path, killed_in=1)
    (tmp_path / "epoch3.npz").write_bytes(b"torn")
    weights, history, began = trained(tmp_path)
    assert began == 2
    assert history == trained(None)[1]
    assert all(np.array_equal(a, b) for a, b in zip(weights, trained(None)[0], strict=True))


@pytest.mark.parametrize("name", ["epoch2.npz", "history.json"])
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_state_does_not_count_and_the_run_ends_the_same(tmp_path, name, damage):
    with pytest.raises(KilledError):
        trained(tmp_path, killed_in=1)
    content = bytearray((tmp_path / name).read_bytes())
    middle = len(content) // 2
    content[middle] ^= 0xFF
    (tmp_path / name).write_bytes(content[: middle if damage == "cut" else None])
    weights, history, began = trained(tmp_path)
    assert began == 0
    assert history == trained(None)[1]
    assert all(np.array_equal(a, b) for a, b in zip(weights, trained(None)[0], strict=True))


def test_a_run_of_another_identity_starts_afresh(tmp_path):
    trained(tmp_path)
    *_, began = trained(tmp_path, [{"rate": 0.01}, "data of tomorrow"])
    assert began == 0
    assert len(read_json(tmp_path / "history.json")["history"]["loss"]) == EPOCHS


def test_one_state_is_kept_and_forgotten_when_the_model_is_safe(tmp_path):
    folder = tmp_path / "run"
    trained(folder)
    assert sorted(path.name for path in folder.iterdir()) == [f"epoch{EPOCHS}.npz", "history.json"]
    Checkpoint(folder, [], IDENTITY).clear()
    assert not folder.exists()
    Checkpoint(None, [], IDENTITY).clear()
