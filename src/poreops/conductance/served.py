"""The code inside the registered model: MLflow runs it to serve `models:/conductance`.

It stands on the public names of the package alone, so that a model which is registered today is
served by every version that has these names.
"""

from typing import Any

import mlflow
import numpy as np

from poreops import ServingLimits, answered, load_model

_BYTES = 20  # a voxel on its way out of JSON
LIMITS = ServingLimits(rows=256, pixels=256 * 64**3, memory=2 * 2**30, seconds=30, at_once=32)


class Conductance(mlflow.pyfunc.PythonModel):
    """ROIs (n, 64, 64, 64) uint8 in, size factors (n,) float64 in voxels of the ROI out."""

    # the signature is stated when the model is saved, nothing is to be guessed from the hints:
    # ndarray is one that MLflow does not try to make a signature of
    _skip_type_hint_validation = True

    def load_context(self, context: mlflow.pyfunc.PythonModelContext) -> None:
        """Load the network from the model's own files.

        Parameters
        ----------
        context : of MLflow, names the model's files
        """
        self.model = load_model(context.artifacts["network"])

    def predict(self, context: object, model_input: np.ndarray, params: object = None) -> Any:  # noqa: ARG002
        """Predict the size factors of a batch.

        Parameters
        ----------
        context : of MLflow; not used
        model_input : batch of conduits, as the signature says
        params : not used
        """
        scalars: list[np.ndarray] = []

        def work(rois: np.ndarray) -> np.ndarray:
            encoded = self.model.encoded(rois)
            scalars.append(encoded.scalars)
            return self.model.predict_encoded(encoded)

        def inputs() -> str | None:
            drift = self.model.drift_of(scalars)
            return None if drift is None else drift.state

        return answered(
            work, model_input, LIMITS, lambda rois: (rois.size, _BYTES * rois.size), inputs
        )


mlflow.models.set_model(Conductance())
