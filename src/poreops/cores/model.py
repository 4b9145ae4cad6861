"""A generator on disk and in use: numbers of cores in, grey images out."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array
from poreops.base.content import Json
from poreops.base.files import read_json, write_json
from poreops.base.finite import check_finite
from poreops.base.show.result import Shown
from poreops.cores.features.structure import Segmentation
from poreops.cores.learning.denoiser import METHOD as DIFFUSION
from poreops.cores.learning.denoiser import DiffusionConfig
from poreops.cores.learning.description import BITS, DESCRIPTION, check_bits, unfit
from poreops.cores.learning.diffused import Diffused
from poreops.cores.learning.goals import Goals
from poreops.cores.learning.grey_scale import GreyScale
from poreops.cores.learning.networks import (
    GeneratorConfig,
    checked_size,
    generator,
    input_shapes,
    reachable_size,
)
from poreops.cores.learning.quilting import METHOD, QuiltingModel
from poreops.cores.learning.tiles import in_parts
from poreops.errors import InputError
from poreops.mlops.weights.finite import check_network, weights

if TYPE_CHECKING:
    import keras

WEIGHTS = "core.weights.h5"

_AT_ONCE = 2**19  # pixels drawn in one call of the network
_TILE = 1024  # pixels along an edge that are drawn at once
_PLANES = 16  # bytes held for a pixel of a core that is drawn in parts: noise, greys
_TRIES = 16  # cores of which the one is taken that is nearest to the stated shares
_FLOATS = 4  # planes of the widest level held at a time
_PROBED = 8  # cores of a probe


CoreModel: TypeAlias = "DigitalCoreModel | QuiltingModel"
Seeds: TypeAlias = tuple[int, ...]


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
            model = cls._built(description, folder)
            with warnings.catch_warnings():
                # Keras would leave such layers as they were made
                warnings.filterwarnings("error", "Skipping nested container", UserWarning)
                model.keras_model.load_weights(folder / WEIGHTS)
        except (KeyError, TypeError, ValueError, OSError, UserWarning) as error:
            raise unfit(folder, error, "cores_train") from error
        what = f"the generator in {folder}"
        check_finite(model._numbers(), what)
        answer = model.keras_model(model._probe(), training=False)
        check_finite({"a core that it draws": np.asarray(answer)}, what)
        return model

    @classmethod
    def _built(cls, description: Mapping[str, Json], folder: Path) -> Self:  # noqa: ARG003
        """Return the model of a description, its weights not read yet."""
        network = GeneratorConfig(**description["network"])
        return cls(generator(network), network, *_greys(description))

    def check(self) -> None:
        """Raise `DivergedError` unless weights and cores are finite, eagerly as in a graph."""
        import tensorflow as tf

        check_finite(self._numbers(), "the generator")
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
        write_json(folder / DESCRIPTION, self._described())

    def _described(self) -> dict[str, object]:
        description: dict[str, object] = {
            "network": self.network.model_dump(mode="json"),
            "scale": vars(self.scale),
            "bits": BITS,
        }
        if self.segmentation is not None:
            description["segmentation"] = vars(self.segmentation)
        return description

    def generate(
        self,
        count: int,
        size: int | None = None,
        *,
        seed: int = 0,
        porosity: float | None = None,
        ore_share: float | None = None,
    ) -> NDArray[np.uint8]:
        """Draw cores; core i of a seed is the same whatever the number of cores.

        Parameters
        ----------
        count : how many
        size : edge [pixel]; by default that of the training patches
        seed : int
        porosity, ore_share : share of pores, and of ores, that every core comes near to: of
            sixteen that are drawn, the nearest is taken, so that cores are still those of the
            network's own law

        Returns
        -------
        (count, size, size) uint8

        Raises
        ------
        InputError
            If the count or the size is not positive, the architecture does not reach the size, or
            the network draws no cores of such shares.
        """
        goals = {"porosity": porosity, "ore_share": ore_share}
        return np.concatenate(list(self.stream(count, size, seed=seed, **goals)))

    def stream(
        self,
        count: int,
        size: int | None = None,
        *,
        seed: int = 0,
        porosity: float | None = None,
        ore_share: float | None = None,
    ) -> Iterator[NDArray[np.uint8]]:
        """Draw the cores of `generate` some at a time, (n, size, size) uint8 each.

        Parameters
        ----------
        count, size, seed, porosity, ore_share : as of `generate`
        """
        if count < 1:
            raise InputError(f"the number of cores must be positive, got {count}; ask for one")
        size = checked_size(self.network, self.network.patch if size is None else size)
        # the checks come before the first draw, not with it
        goals = Goals(porosity, ore_share)
        if not goals.stated:
            return self._drawn(count, size, seed)
        return self._near(count, size, seed, goals, self._checked(goals, size))

    def bytes_needed(self, size: int) -> int:
        """Memory that drawing one core takes, roughly [byte].

        Parameters
        ----------
        size : edge [pixel]
        """
        at_once = min(size, _TILE) ** 2 * sum(self.network.generator_widths[-2:])
        return _FLOATS * 4 * at_once + _PLANES * size**2

    def _drawn(self, count: int, size: int, seed: int) -> Iterator[NDArray[np.uint8]]:
        return self._of([(seed, number) for number in range(count)], size)

    def _near(
        self, count: int, size: int, seed: int, goals: Goals, known: NDArray[np.float64]
    ) -> Iterator[NDArray[np.uint8]]:
        for number in range(count):
            tried = self._tried((seed, number), size)
            core, _ = min(tried, key=lambda found: goals.away(found[1][None], known)[0])
            yield core

    def _tried(
        self, seed: Seeds, size: int
    ) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float64]]]:
        """Draw some cores, each (1, size, size) with its shares of pores and ores, (2,)."""
        assert self.segmentation is not None  # `_checked`
        # a 0 at the end of a seed changes nothing
        for cores in self._of([(*seed, 1 + i) for i in range(_TRIES)], size):
            masks = self.segmentation.pores(cores), self.segmentation.ores(cores)
            shares = np.stack([mask.mean(axis=(1, 2)) for mask in masks], axis=1)
            yield from zip(cores[:, None], shares, strict=True)

    def _checked(self, goals: Goals, size: int) -> NDArray[np.float64]:
        """Return shares that the network draws, (n, 2), once it draws what is asked for.

        It is asked once, whatever the seed.
        """
        if self.segmentation is None:
            raise InputError(
                "a stated porosity or ore share needs a model that knows what a pore is, got one "
                "that was trained before models kept it; make it again with cores_train"
            )
        known = np.array([shares for _, shares in self._tried((0, 0), size)])
        goals.check(known, f"this network draws in cores of {size} pixels")
        return known

    def _of(self, seeds: Sequence[Seeds], size: int) -> Iterator[NDArray[np.uint8]]:
        """Draw a core of each seed."""
        whole = reachable_size(self.network, size)
        batch = max(_AT_ONCE // whole**2, 1)
        for start in range(0, len(seeds), batch):
            noise = self._inputs(seeds[start : start + batch], whole)
            values = in_parts(self.keras_model, self.network, noise, whole, _TILE)
            yield self.scale.grey(values[:, :size, :size])

    def _probe(self) -> list[NDArray[np.float32]]:
        return self._inputs([(0, 0), (0, 1)], reachable_size(self.network, 1))

    def _numbers(self) -> dict[str, Array]:
        return weights(self.keras_model)

    def _inputs(self, seeds: Sequence[Seeds], size: int) -> list[NDArray[np.float32]]:
        shapes = input_shapes(self.network, size)
        drawn = []
        for seed in seeds:
            rng = np.random.default_rng(seed)
            drawn.append([rng.standard_normal(shape, dtype=np.float32) for shape in shapes])
        return [np.stack(plane) for plane in zip(*drawn, strict=True)]


class DiffusionModel(DigitalCoreModel, kind="core model"):
    """A denoiser that makes structure of noise, with the law of the noise that is drawn on it.

    Attributes
    ----------
    diffused : Diffused
    """

    def __init__(
        self,
        diffused: Diffused,
        network: GeneratorConfig,
        scale: GreyScale,
        segmentation: Segmentation | None = None,
    ) -> None:
        super().__init__(diffused.network, network, scale, segmentation)
        self.diffused = diffused

    @classmethod
    def _built(cls, description: Mapping[str, Json], folder: Path) -> Self:
        config = DiffusionConfig(**description["diffusion"])
        network = GeneratorConfig(**description["network"])
        return cls(Diffused.read(folder, config), network, *_greys(description))

    def save(self, folder: str | Path) -> None:
        """See `DigitalCoreModel.save`.

        Parameters
        ----------
        folder : made if it is missing
        """
        super().save(folder)
        self.diffused.write(Path(folder))

    def bytes_needed(self, size: int) -> int:
        """Memory that drawing one core takes, roughly [byte].

        Parameters
        ----------
        size : edge [pixel]
        """
        return self.diffused.bytes_needed(size)

    def _described(self) -> dict[str, object]:
        config = self.diffused.config.model_dump(mode="json")
        return super()._described() | {"method": DIFFUSION, "diffusion": config}

    def _of(self, seeds: Sequence[Seeds], size: int) -> Iterator[NDArray[np.uint8]]:
        for seed in seeds:
            yield self.diffused.core(self.scale, seed, size)[None]

    def _probe(self) -> list[NDArray[np.float32]]:
        return self.diffused.probe(self.patch)

    def _numbers(self) -> dict[str, Array]:
        return super()._numbers() | vars(self.diffused.law)


def _greys(description: Mapping[str, Json]) -> tuple[GreyScale, Segmentation | None]:
    known = description.get("segmentation")  # since 0.3
    segmentation = None if known is None else Segmentation(**known)
    return GreyScale(**description["scale"]), segmentation


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
    if description.get("method") == DIFFUSION:
        return DiffusionModel.load(folder)
    return DigitalCoreModel.load(folder)


def trained(models: str | Path) -> dict[str, list[Path]]:
    """Return method → folders <method>/<seed> of its generators, in the order of the seeds.

    Parameters
    ----------
    models : folder that the stages cores_train and cores_quilt wrote
    """
    found = {
        method.name: sorted(method.iterdir(), key=lambda folder: int(folder.name))
        for method in sorted(Path(models).iterdir())
        if method.is_dir()
    }
    # the folder of a method that was not trained is empty
    return {name: folders for name, folders in found.items() if folders}


def grey_probe(model: CoreModel) -> dict[str, float]:
    """Return mean and standard deviation of the grey values of a few cores of a model.

    Two loads of one model agree to the last digits: what is noted of its files where it is judged.

    Parameters
    ----------
    model : DigitalCoreModel or QuiltingModel
    """
    cores = model.generate(_PROBED, seed=_PROBED)
    return {"grey_mean": float(cores.mean()), "grey_sd": float(cores.std())}
