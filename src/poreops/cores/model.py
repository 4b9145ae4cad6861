"""A trained generator on disk and in use: numbers of cores in, grey images out."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from poreops.base.files import read_json, write_json
from poreops.base.finite import check_finite
from poreops.base.show.result import Shown
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.networks import (
    GeneratorConfig,
    checked_size,
    generator,
    input_shapes,
    reachable_size,
)
from poreops.errors import InputError
from poreops.mlops.weights.finite import check_network, weights

if TYPE_CHECKING:
    import keras

WEIGHTS, DESCRIPTION = "core.weights.h5", "core.json"
BITS = 8
"""Colour depth of the images that the library's models draw."""

_AT_ONCE = 2**19  # pixels drawn in one call of the network
_FLOATS = 4  # planes of the widest level held at a time
_PROBED = 8  # cores of a probe


class DigitalCoreModel(Shown, kind="core model"):
    """A generator with the grey values that its output stands for.

    Attributes
    ----------
    network : GeneratorConfig
    scale : GreyScale
    """

    def __init__(self, trained: "keras.Model", network: GeneratorConfig, scale: GreyScale) -> None:
        self.network, self.scale = network, scale
        self.keras_model = trained

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Load what `save` wrote.

        Parameters
        ----------
        folder : str or Path

        Raises
        ------
        InputError
            If it is missing or does not fit.
        DivergedError
            If a weight, or a pixel of a core drawn with it, is not finite.
        """
        folder = Path(folder)
        description = read_json(folder / DESCRIPTION)
        bits = description.get("bits") if isinstance(description, dict) else None
        if bits != BITS:
            raise InputError(
                f"a digital core model must draw {BITS}-bit grey, {folder} has a colour depth of "
                f"{bits} bits; train one on {BITS}-bit images"
            )
        try:
            network = GeneratorConfig(**description["network"])
            model = cls(generator(network), network, GreyScale(**description["scale"]))
            with warnings.catch_warnings():
                # Keras would leave such layers as they were made
                warnings.filterwarnings("error", "Skipping nested container", UserWarning)
                model.keras_model.load_weights(folder / WEIGHTS)
        except (KeyError, TypeError, ValueError, OSError, UserWarning) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"{folder} must hold a digital core model, got {reason}; "
                "make it again with the stage cores_train"
            ) from error
        what = f"the generator in {folder}"
        check_finite(weights(model.keras_model), what)
        answer = model.keras_model(model._probe(), training=False)
        check_finite({"a core that it draws": np.asarray(answer)}, what)
        return model

    def check(self) -> None:
        """Raise `DivergedError` unless weights and cores are finite, eagerly as in a graph."""
        import tensorflow as tf

        probe = [tf.constant(plane) for plane in self._probe()]
        # one trace of its own: TensorFlow warns of a function that is traced for each model
        graph = tf.function(lambda noise: self.keras_model(noise, training=False))
        check_network(self.keras_model, graph.get_concrete_function(probe), probe, "the generator")

    def save(self, folder: str | Path) -> None:
        """Write weights and description: the same bytes for the same model, no pickle.

        Parameters
        ----------
        folder : made if it is missing

        Raises
        ------
        DivergedError
            If the model is not finite; nothing is written then.
        """
        self.check()
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.keras_model.save_weights(folder / WEIGHTS)
        description = {
            "network": self.network.model_dump(mode="json"),
            "scale": vars(self.scale),
            "bits": BITS,
        }
        write_json(folder / DESCRIPTION, description)

    def generate(self, count: int, size: int | None = None, *, seed: int = 0) -> NDArray[np.uint8]:
        """Draw cores; core i of a seed is the same whatever the number of cores.

        Parameters
        ----------
        count : how many
        size : edge [pixel]; by default that of the training patches
        seed : int

        Returns
        -------
        (count, size, size) uint8

        Raises
        ------
        InputError
            If the count or the size is not positive, or the architecture does not reach the size.
        """
        return np.concatenate(list(self.stream(count, size, seed=seed)))

    def stream(
        self, count: int, size: int | None = None, *, seed: int = 0
    ) -> Iterator[NDArray[np.uint8]]:
        """Draw the cores of `generate` some at a time, (n, size, size) uint8 each.

        Parameters
        ----------
        count, size, seed : as of `generate`
        """
        if count < 1:
            raise InputError(f"the number of cores must be positive, got {count}; ask for one")
        size = checked_size(self.network, self.network.patch if size is None else size)
        # the checks come before the first draw, not with it
        return self._drawn(count, size, seed)

    def bytes_needed(self, size: int) -> int:
        """Memory that drawing one core takes, roughly [byte].

        Parameters
        ----------
        size : edge [pixel]
        """
        return _FLOATS * 4 * sum(self.network.generator_widths[-2:]) * size**2

    def _drawn(self, count: int, size: int, seed: int) -> Iterator[NDArray[np.uint8]]:
        whole = reachable_size(self.network, size)
        batch = min(max(_AT_ONCE // whole**2, 1), count)
        for start in range(0, count, batch):
            numbers = range(start, min(start + batch, count))
            # called as it is: a graph would be traced for every generator of a training
            values = np.asarray(
                self.keras_model(self._inputs(numbers, whole, seed), training=False)
            )
            yield self.scale.grey(values[:, :size, :size, 0])

    def _probe(self) -> list[NDArray[np.float32]]:
        return self._inputs(range(2), reachable_size(self.network, 1), seed=0)

    def _inputs(self, numbers: range, size: int, seed: int) -> list[NDArray[np.float32]]:
        shapes = input_shapes(self.network, size)
        drawn = []
        for number in numbers:
            rng = np.random.default_rng((seed, number))
            drawn.append([rng.standard_normal(shape, dtype=np.float32) for shape in shapes])
        return [np.stack(plane) for plane in zip(*drawn, strict=True)]


def trained(models: str | Path) -> dict[str, list[Path]]:
    """Return method → folders <method>/<seed> of its generators, in the order of the seeds.

    Parameters
    ----------
    models : folder that the stage cores_train wrote
    """
    return {
        method.name: sorted(method.iterdir(), key=lambda folder: int(folder.name))
        for method in sorted(Path(models).iterdir())
        if method.is_dir()
    }


def grey_probe(model: DigitalCoreModel) -> dict[str, float]:
    """Return mean and standard deviation of the grey values of a few cores of a model.

    Two loads of one model agree to the last digits: what is noted of its files where it is judged.

    Parameters
    ----------
    model : DigitalCoreModel
    """
    cores = model.generate(_PROBED, seed=_PROBED)
    return {"grey_mean": float(cores.mean()), "grey_sd": float(cores.std())}
