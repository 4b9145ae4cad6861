"""A model in the form that PoreSpy's own function takes."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.conductance.learning.encoding import checked_rois, encode
from poreops.conductance.learning.resnet import inputs
from poreops.conductance.model import ConductanceModel
from poreops.conductance.registry import load_model
from poreops.conduits.crop import ROI_SIZE
from poreops.conduits.joined import without_loose_pieces
from poreops.errors import InputError

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

_ANY_PAIR = np.repeat(np.array([1, 2], np.uint8), ROI_SIZE // 2).reshape(-1, 1, 1, 1)


def export_for_porespy(uri: str) -> "tuple[keras.Model, NDArray[np.float64]]":
    """Return ``(keras_model, g_train)`` for PoreSpy's ``diffusive_size_factor_AI``.

    Parameters
    ----------
    uri : str
        As for `load_model`.

    Returns
    -------
    keras.Model
        The network that PoreSpy calls with images of 64³ voxels.
    array of float
        Of size factors, with whose extremes PoreSpy undoes the scaling.

    Raises
    ------
    InputError
        No such model, or one that PoreSpy cannot serve.
    """
    return export_to_porespy(load_model(uri))


def export_to_porespy(model: ConductanceModel) -> tuple["keras.Model", NDArray[np.float64]]:
    """Wrap a model for PoreSpy's ``diffusive_size_factor_AI(regions, conns, model, g_train)``.

    Parameters
    ----------
    model : of diffusion in three dimensions

    Returns
    -------
    keras_model : (n, 64, 64, 64, 1) labels → (n, 1) size factor in voxels of the cube
        It encodes in Python, so it runs in this process only.
    g_train : (2,) float64
        The limits 0 and 1: PoreSpy's min-max scaling then changes nothing.
    """
    import keras
    import tensorflow as tf

    if model.target != "diffusive":
        raise InputError(
            "PoreSpy's function predicts diffusion, got a model of flow; "
            "export one that was trained with label.target: diffusive"
        )
    if model.ndim != 3:
        raise InputError(
            f"PoreSpy's function takes 3D images, got a model of {model.ndim}D conduits; "
            "export one that was trained with volumes.ndim: 3"
        )
    physics = model.member == "physics"  # answers in Python too
    kinds = [] if physics else [(p.dtype, p.shape[1:]) for p in model.keras_model.inputs]
    kinds.append(("float32", (1,)))

    def encoded(rois: Array) -> list[Array]:
        # PoreSpy's own zoom cuts a few conduits in two: these get NaN, not a number without sense
        cut = np.array([without_loose_pieces(roi) is None for roi in checked_rois(rois)])
        rois = np.where(cut.reshape(-1, *(1,) * (np.ndim(rois) - 1)), _ANY_PAIR, rois)
        blind = np.where(cut, np.nan, 0.0).astype(np.float32)[:, None]
        if physics:
            return [blind + model.predict(rois).astype(np.float32)[:, None]]
        return [*inputs(model.network, encode(rois, model.network.image)), blind]

    class EncodeRois(keras.layers.Layer):  # type: ignore[misc]
        """Encode a batch of label cubes as the network was trained to see them."""

        def call(self, rois: "tf.Tensor") -> list["tf.Tensor"]:
            found = tf.numpy_function(encoded, [rois], [tf.as_dtype(dtype) for dtype, _ in kinds])
            return [
                tf.ensure_shape(part, (None, *shape))
                for part, (_, shape) in zip(found, kinds, strict=True)
            ]

        def compute_output_shape(
            self, input_shape: tuple[int | None, ...]
        ) -> list[tuple[int | None, ...]]:
            return [(input_shape[0], *shape) for _, shape in kinds]

        def compute_output_spec(self, rois: "keras.KerasTensor") -> list["keras.KerasTensor"]:
            return [keras.KerasTensor((rois.shape[0], *shape), dtype) for dtype, shape in kinds]

    rois = keras.Input((64, 64, 64, 1), dtype="float32", name="rois")
    *taken, answer = EncodeRois(name="encode")(rois)
    if not physics:
        answer = keras.layers.Add(name="answer")([model.keras_model(taken), answer])
    return keras.Model(rois, answer, name="porespy"), np.array([0.0, 1.0])
