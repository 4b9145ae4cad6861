"""The code inside the registered model: MLflow runs it to serve `models:/rock-properties`."""

from typing import Any

import mlflow
import numpy as np

from poreops import ServingLimits, answered, load_rock_model

_BYTES = 150  # a pixel of the largest step, the denoising
LIMITS = ServingLimits(rows=64, pixels=2**23, memory=2 * 2**30, seconds=60)


class RockProperties(mlflow.pyfunc.PythonModel):
    """Grey slices (n, h, w) uint8 of one rock in, (n, 2) float64 out: porosity, k in pixel².

    Multiply k by the square of the pixel's edge.
    """

    # the signature is stated when the model is saved, nothing is to be guessed from the hints:
    # ndarray is one that MLflow does not try to make a signature of
    _skip_type_hint_validation = True

    def load_context(self, context: mlflow.pyfunc.PythonModelContext) -> None:
        """Load the stack from the model's own files.

        Parameters
        ----------
        context : of MLflow, names the model's files
        """
        self.model = load_rock_model(context.artifacts["stack"])

    def predict(self, context: object, model_input: np.ndarray, params: object = None) -> Any:  # noqa: ARG002
        """Predict the properties that each slice shows.

        Parameters
        ----------
        context : of MLflow; not used
        model_input : batch of slices, as the signature says
        params : not used
        """
        states: list[str] = []

        def work(grey: np.ndarray) -> np.ndarray:
            found = self.model.predict(grey, voxel_size=1.0)
            states.append(found.inputs)
            return np.stack([found.porosity, found.permeability], axis=1)

        return answered(
            work, model_input, LIMITS, lambda grey: (grey.size, _BYTES * grey.size), states.pop
        )


mlflow.models.set_model(RockProperties())
