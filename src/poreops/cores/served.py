"""The code inside the registered model: MLflow runs it to serve `models:/digital-core`."""

from typing import Any

import mlflow
import numpy as np

from poreops import InputError, load_core_model


class DigitalCore(mlflow.pyfunc.PythonModel):
    """Rows (seed, size) int64 in, one core (size, size) uint8 for each out; all of one size."""

    # the signature is stated when the model is saved, nothing is to be guessed from the hints:
    # ndarray is one that MLflow does not try to make a signature of
    _skip_type_hint_validation = True

    def load_context(self, context: mlflow.pyfunc.PythonModelContext) -> None:
        """Load the generator from the model's own files."""
        self.model = load_core_model(context.artifacts["generator"])

    def predict(self, context: object, model_input: np.ndarray, params: object = None) -> Any:  # noqa: ARG002
        """Draw one core for each row."""
        rows = np.asarray(model_input)
        if len(sizes := set(rows[:, 1].tolist())) != 1:
            raise InputError(f"all cores of a call must have one size, got {sorted(sizes)}")
        size = int(rows[0, 1])
        return np.concatenate(
            [self.model.generate(1, size, seed=int(seed)) for seed in rows[:, 0]]
        )


mlflow.models.set_model(DigitalCore())
