"""The code inside the registered model: MLflow runs it to serve `models:/digital-core`."""

from collections.abc import Mapping
from typing import Any

import mlflow
import numpy as np

from poreops import InputError, ServingLimits, answered, load_core_model

LIMITS = ServingLimits(rows=256, pixels=2**22, memory=4 * 2**30, seconds=30, at_once=1)
_LARGEST_SEED = 2**53  # beyond it float64 has no whole numbers


class DigitalCore(mlflow.pyfunc.PythonModel):
    """Rows (seed, size) float64 in, one core (size, size) uint8 for each out; all of one size.

    Whole numbers only; a float64 signature shows fractions, which an integer one cuts silently.
    """

    # the signature is stated when the model is saved, nothing is to be guessed from the hints:
    # ndarray is one that MLflow does not try to make a signature of
    _skip_type_hint_validation = True

    def load_context(self, context: mlflow.pyfunc.PythonModelContext) -> None:
        """Load the generator from the model's own files.

        Parameters
        ----------
        context : of MLflow, names the model's files
        """
        self.model = load_core_model(context.artifacts["generator"])

    def predict(
        self,
        context: object,  # noqa: ARG002
        model_input: np.ndarray,
        params: Mapping[str, float | None] | None = None,
    ) -> Any:
        """Draw one core for each row.

        Parameters
        ----------
        context : of MLflow; not used
        model_input : a row for each core, as the signature says
        params : the porosity and the ore share of all of them, where they are stated
        """
        stated = dict(params or {})
        return answered(lambda rows: self._cores(rows, stated), model_input, LIMITS, self._cost)

    def _cost(self, rows: np.ndarray) -> tuple[int, int]:
        if not np.isfinite(rows).all() or (rows != np.round(rows)).any():
            raise InputError(f"seed and size must be whole numbers, got {rows.tolist()!r:.120}")
        seeds, sizes = rows[:, 0], {int(size) for size in rows[:, 1]}
        if len(sizes) > 1:
            raise InputError(f"all cores of a call must have one size, got {sorted(sizes)}")
        if len(rows) and not 0 <= seeds.min() <= seeds.max() <= _LARGEST_SEED:
            raise InputError(
                f"a seed must lie between 0 and 2**53, got {seeds.min():g} to {seeds.max():g}"
            )
        size = max(sizes, default=0)
        return len(rows) * size**2, self.model.bytes_needed(max(size, 1))

    def _cores(self, rows: np.ndarray, stated: dict[str, float | None]) -> np.ndarray:
        drawn = [
            self.model.generate(1, int(size), seed=int(seed), **stated) for seed, size in rows
        ]
        return np.concatenate(drawn)


mlflow.models.set_model(DigitalCore())
