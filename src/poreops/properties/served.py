"""The code inside the registered model: MLflow runs it to serve `models:/rock-properties`."""

from typing import Any

import mlflow
import numpy as np

import poreops


class RockProperties(mlflow.pyfunc.PythonModel):
    """Grey slices (n, h, w) uint8 of one rock in, (n, 2) float64 out: porosity, k in pixel².

    Multiply k by the square of the pixel's edge.
    """

    # the signature is stated when the model is saved, nothing is to be guessed from the hints:
    # ndarray is one that MLflow does not try to make a signature of
    _skip_type_hint_validation = True

    def load_context(self, context: mlflow.pyfunc.PythonModelContext) -> None:
        """Load the stack from the model's own files."""
        self.model = poreops.load_rock_model(context.artifacts["stack"])

    def predict(self, context: object, model_input: np.ndarray, params: object = None) -> Any:  # noqa: ARG002
        """Predict the properties that each slice shows."""
        found = self.model.predict(np.asarray(model_input), voxel_size=1.0)
        return np.stack([found.porosity, found.permeability], axis=1)


mlflow.models.set_model(RockProperties())
