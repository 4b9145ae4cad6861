"""A generator on disk and in use: numbers of cores in, grey images out."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from poreops.base.files import read_json, write_json
from poreops.base.finite import check_finite
from poreops.base.show.result import Shown
from poreops.cores.features.structure import Segmentation
from poreops.cores.learning.description import BITS, DESCRIPTION, check_bits, unfit
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.networks import (
    GeneratorConfig,
    checked_size,
    generator,
    input_shapes,
    reachable_size,
)
from poreops.cores.learning.quilting import METHOD, QuiltingModel
from poreops.errors import InputError
from poreops.mlops.weights.finite import check_network, weights

if TYPE_CHECKING:
    import keras

WEIGHTS = "core.weights.h5"

_AT_ONCE = 2**19  # pixels drawn in one call of the network
_FLOATS = 4  # planes of the widest level held at a time
_PROBED = 8  # cores of a probe


CoreModel: TypeAlias = "DigitalCoreModel | QuiltingModel"


class DigitalCoreModel(Shown, kind="core model"):
    """A generator with the grey values that its output stands for.

    Attributes
    ----------
    network : GeneratorConfig
    scale : GreyScale
    segmentation : what tells pores and ores; None if it is not known
    """

    def __init__(
        self,
        trained: "keras.Model",
        network: GeneratorConfig,
        scale: GreyScale,
        segmentation: Segmentation | None = None,
    ) -> None:
        self.network, self.scale, self.segmentation = network, scale, segmentation
        self.keras_model = trained

    @property
    def patch(self) -> int:
        """Edge of a core where none is stated: that of the training patches [pixel]."""
        return self.network.patch

    @property
    def made_of(self) -> str:
        """What it holds, in words."""
        return f"{self.keras_model.count_params()} weights"

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
        check_bits(description, folder)
        try:
            network = GeneratorConfig(**description["network"])
            known = description.get("segmentation")  # since 0.3
            segmentation = None if known is None else Segmentation(**known)
            scale = GreyScale(**description["scale"])
            model = cls(generator(network), network, scale, segmentation)
            with warnings.catch_warnings():
                # Keras would leave such layers as they were made
                warnings.filterwarnings("error", "Skipping nested container", UserWarning)
                model.keras_model.load_weights(folder / WEIGHTS)
        except (KeyError, TypeError, ValueError, OSError, UserWarning) as error:
            raise unfit(folder, error, "cores_train") from error
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
        description: dict[str, object] = {
            "network": self.network.model_dump(mode="json"),
            "scale": vars(self.scale),
            "bits": BITS,
        }
        if self.segmentation is not None:
            description["segmentation"] = vars(self.segmentation)
        write_json(folder / DESCRIPTION, description)

    def generate(
        self,
        count: int,
        size: int | None = None,
        *,
        seed: int = 0,
        porosity: float | None = None,
    ) -> NDArray[np.uint8]:
        """Draw cores; core i of a seed is the same whatever the number of cores.

        Parameters
        ----------
        count : how many
        size : edge [pixel]; by default that of the training patches
        seed : int
        porosity : refused: this network was not trained to draw a stated one

        Returns
        -------
        (count, size, size) uint8

        Raises
        ------
        InputError
            If the count or the size is not positive, the architecture does not reach the size, or
            a porosity is stated.
        """
        return np.concatenate(list(self.stream(count, size, seed=seed, porosity=porosity)))

    def stream(
        self,
        count: int,
        size: int | None = None,
        *,
        seed: int = 0,
        porosity: float | None = None,
    ) -> Iterator[NDArray[np.uint8]]:
        """Draw the cores of `generate` some at a time, (n, size, size) uint8 each.

        Parameters
        ----------
        count, size, seed, porosity : as of `generate`
        """
        if porosity is not None:
            raise InputError(
                f"a stated porosity needs a model that is quilted, got a trained network and "
                f"{porosity:g}; leave it out"
            )
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


def load_generator(folder: str | Path) -> CoreModel:
    """Load a generator that a stage wrote.

    Parameters
    ----------
    folder : <method>/<seed>

    Raises
    ------
    InputError
        If it is missing or does not fit.
    """
    description = read_json(Path(folder) / DESCRIPTION)
    check_bits(description, Path(folder))
    if description.get("method") == METHOD:
        return QuiltingModel.load(folder)
    return DigitalCoreModel.load(folder)


def trained(models: str | Path) -> dict[str, list[Path]]:
    """Return method → folders <method>/<seed> of its generators, in the order of the seeds.

    Parameters
    ----------
    models : folder that the stages cores_train and cores_quilt wrote
    """
    return {
        method.name: sorted(method.iterdir(), key=lambda folder: int(folder.name))
        for method in sorted(Path(models).iterdir())
        if method.is_dir()
    }


def grey_probe(model: CoreModel) -> dict[str, float]:
    """Return mean and standard deviation of the grey values of a few cores of a model.

    Two loads of one model agree to the last digits: what is noted of its files where it is judged.

    Parameters
    ----------
    model : DigitalCoreModel or QuiltingModel
    """
    cores = model.generate(_PROBED, seed=_PROBED)
    return {"grey_mean": float(cores.mean()), "grey_sd": float(cores.std())}
