"""The code inside the registered model: MLflow runs it to serve `models:/conductance`."""

from typing import Any

import mlflow
import numpy as np

from poreops.conductance.model import ConductanceModel


class Conductance(mlflow.pyfunc.PythonModel):
    """ROIs (n, 64, 64, 64) uint8 in, size factors (n,) float64 in voxels of the ROI out."""

    # the signature is stated when the model is saved, nothing is to be guessed from the hints:
    # ndarray is one that MLflow does not try to make a signature of
    _skip_type_hint_validation = True

    def load_context(self, context: Any) -> None:
        """Load the network from the model's own files."""
        self.model = ConductanceModel.load(context.artifacts["network"])

    def predict(self, context: Any, model_input: np.ndarray, params: Any = None) -> Any:  # noqa: ARG002
        """Predict the size factors of a batch."""
        return self.model.predict(np.asarray(model_input))


mlflow.models.set_model(Conductance())
