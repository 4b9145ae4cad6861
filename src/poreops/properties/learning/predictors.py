"""Fitted learners as plain arrays: they predict without the framework that fitted them.

A model of the registry outlives the versions of scikit-learn and Keras, and it holds no pickle.
Forests and boosted trees are their nodes, networks their kernels; XGBoost keeps its own UBJSON.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from poreops.base.arrays import Array

if TYPE_CHECKING:
    from xgboost import Booster

Floats = NDArray[np.float64]
ScalingKind = Literal["standard", "minmax", "maxabs"]
Arrays = dict[str, Array]


class Predictor(Protocol):
    """Whatever predicts targets (n, t) from inputs (n, d)."""

    def predict(self, x: Floats) -> Floats:
        """Return the targets of each row.

        Parameters
        ----------
        x : (n, d) float64
        """


class Stored(Predictor, Protocol):
    """A predictor that a file can hold."""

    def arrays(self) -> Arrays:
        """Return what a file holds."""


@dataclass(frozen=True)
class Linear:
    """``x @ coef + intercept``; coef (d, t), intercept (t,)."""

    coef: Floats
    intercept: Floats

    def predict(self, x: Floats) -> Floats:
        """Return the targets (n, t) of each row.

        Parameters
        ----------
        x : (n, d) float64
        """
        return np.asarray(x @ self.coef + self.intercept)

    def arrays(self) -> Arrays:
        """Return what a file holds."""
        return dict(vars(self))

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Self:
        """Return the predictor that a file holds.

        Parameters
        ----------
        arrays : name → array, as of a file
        """
        return cls(**arrays)


@dataclass(frozen=True)
class Trees:
    """The sum of regression trees and an offset.

    roots : (trees,) int32, number of each tree's first node.
    left, right : (nodes,) int32, the next node; -1 in a leaf.
    feature : (nodes,) int32. threshold : (nodes,) float64, left is ≤ in float32 as fitted.
    value : (nodes, t) float64. offset : (t,) float64.
    """

    roots: NDArray[np.int32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: Floats
    value: Floats
    offset: Floats

    def predict(self, x: Floats) -> Floats:
        """Return the targets (n, t) of each row.

        Parameters
        ----------
        x : (n, d) float64
        """
        x = np.asarray(x, dtype=np.float32)
        rows = np.arange(len(x))[:, None]
        node = np.broadcast_to(self.roots, (len(x), len(self.roots)))
        while (inner := self.left[node] >= 0).any():
            goes_left = x[rows, np.maximum(self.feature[node], 0)] <= self.threshold[node]
            following = np.where(goes_left, self.left[node], self.right[node])
            node = np.where(inner, following, node)
        return np.asarray(self.value[node].sum(axis=1) + self.offset)

    def arrays(self) -> Arrays:
        """Return what a file holds."""
        return dict(vars(self))

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Self:
        """Return the predictor that a file holds.

        Parameters
        ----------
        arrays : name → array, as of a file
        """
        return cls(**arrays)


@dataclass(frozen=True)
class Boosted:
    """An XGBoost model in its own binary JSON; (bytes,) uint8."""

    ubjson: NDArray[np.uint8]

    @cached_property
    def _booster(self) -> "Booster":
        from xgboost import Booster

        # one thread: the rows are few, and a pool of threads costs more than they save
        return Booster({"nthread": 1}, model_file=bytearray(self.ubjson.tobytes()))

    def predict(self, x: Floats) -> Floats:
        """Return the targets (n, t) of each row.

        Parameters
        ----------
        x : (n, d) float64
        """
        found = np.asarray(self._booster.inplace_predict(np.asarray(x)), np.float64)
        return found.reshape(len(x), -1)

    def arrays(self) -> Arrays:
        """Return what a file holds."""
        return {"ubjson": self.ubjson}

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Self:
        """Return the predictor that a file holds.

        Parameters
        ----------
        arrays : name → array, as of a file
        """
        return cls(**arrays)


ACTIVATIONS: Mapping[str, Callable[[Floats], Floats]] = {
    "relu": lambda z: np.maximum(z, 0),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "tanh": np.tanh,
}


@dataclass(frozen=True)
class Network:
    """A dense network: kernels (d, w), (w, w), …, (w, t), biases, the activation between."""

    kernels: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    activation: str

    def predict(self, x: Floats) -> Floats:
        """Return the targets (n, t) of each row.

        Parameters
        ----------
        x : (n, d) float64
        """
        for kernel, bias in zip(self.kernels[:-1], self.biases[:-1], strict=True):
            x = ACTIVATIONS[self.activation](x @ kernel + bias)
        return np.asarray(x @ self.kernels[-1] + self.biases[-1])

    def arrays(self) -> Arrays:
        """Return what a file holds."""
        layers = enumerate(zip(self.kernels, self.biases, strict=True))
        found: Arrays = {"activation": np.array(list(ACTIVATIONS).index(self.activation))}
        for i, (kernel, bias) in layers:
            found |= {f"kernel_{i}": kernel, f"bias_{i}": bias}
        return found

    @classmethod
    def of(cls, arrays: Mapping[str, Array]) -> Self:
        """Return the predictor that a file holds.

        Parameters
        ----------
        arrays : name → array, as of a file
        """
        layers = range((len(arrays) - 1) // 2)
        return cls(
            tuple(arrays[f"kernel_{i}"] for i in layers),
            tuple(arrays[f"bias_{i}"] for i in layers),
            list(ACTIVATIONS)[int(arrays["activation"])],
        )


@dataclass(frozen=True)
class Scaling:
    """Offset and scale of inputs and targets, from the rows that were learned from.

    x_offset, x_scale : (d,) float64. y_offset, y_scale : (t,) float64.
    """

    x_offset: Floats
    x_scale: Floats
    y_offset: Floats
    y_scale: Floats

    @classmethod
    def fit(cls, x: Floats, y: Floats, kind: ScalingKind = "standard") -> Self:
        """Measure inputs (n, d) and targets (n, t); a constant column has scale 1.

        Parameters
        ----------
        x, y : the rows to learn from
        kind : "standard", mean and standard deviation; "minmax", onto 0 to 1; "maxabs", by the
            largest absolute value
        """
        (x_offset, x_scale), (y_offset, y_scale) = (_SCALES[kind](z) for z in (x, y))
        return cls(
            x_offset,
            np.where(x_scale > 0, x_scale, 1.0),
            y_offset,
            np.where(y_scale > 0, y_scale, 1.0),
        )

    def inputs(self, x: Floats) -> Floats:
        """Scale inputs (n, d).

        Parameters
        ----------
        x : (n, d) float64
        """
        return np.asarray((x - self.x_offset) / self.x_scale)

    def targets(self, y: Floats) -> Floats:
        """Scale targets (n, t).

        Parameters
        ----------
        y : (n, t) float64
        """
        return np.asarray((y - self.y_offset) / self.y_scale)

    def restored(self, y: Floats) -> Floats:
        """Undo `targets`.

        Parameters
        ----------
        y : (n, t) float64, scaled
        """
        return np.asarray(y * self.y_scale + self.y_offset)


_SCALES: Mapping[str, Callable[[Floats], tuple[Floats, Floats]]] = {
    "standard": lambda z: (z.mean(axis=0), z.std(axis=0)),
    "minmax": lambda z: (z.min(axis=0), np.ptp(z, axis=0)),
    "maxabs": lambda z: (np.zeros(z.shape[1]), np.abs(z).max(axis=0)),
}


@dataclass(frozen=True)
class Scaled:
    """A predictor of scaled targets from scaled inputs, with the scaling inside."""

    inner: Stored
    scaling: Scaling

    def predict(self, x: Floats) -> Floats:
        """Return the targets (n, t) of each row.

        Parameters
        ----------
        x : (n, d) float64
        """
        return self.scaling.restored(self.inner.predict(self.scaling.inputs(x)))


@dataclass(frozen=True)
class Committee:
    """The mean of several fits of one learner (Krogh & Vedelsby 1995, NIPS 7, 231)."""

    members: tuple[Scaled, ...]

    def predict(self, x: Floats) -> Floats:
        """Return the targets (n, t) of each row.

        Parameters
        ----------
        x : (n, f) float64, features
        """
        return np.asarray(np.mean([member.predict(x) for member in self.members], axis=0))


KINDS: dict[str, type[Linear | Trees | Boosted | Network]] = {
    "linear": Linear,
    "trees": Trees,
    "boosted": Boosted,
    "network": Network,
}


def packed(committee: Committee) -> tuple[str, Arrays]:
    """Return the kind of a committee's members and their arrays, for a file.

    Parameters
    ----------
    committee : Committee
    """
    arrays: Arrays = {}
    for place, member in enumerate(committee.members):
        inner = {f"inner/{key}": value for key, value in member.inner.arrays().items()}
        parts = {**inner, **vars(member.scaling)}
        arrays |= {f"{place}/{key}": value for key, value in parts.items()}
    first = committee.members[0].inner
    return next(kind for kind, of in KINDS.items() if isinstance(first, of)), arrays


def unpacked(kind: str, arrays: Mapping[str, Array]) -> Committee:
    """Return the committee that `packed` took apart.

    Parameters
    ----------
    kind : of its members
    arrays : name → array
    """
    members = []
    for place in range(1 + max(int(key.split("/")[0]) for key in arrays)):
        own = below(arrays, str(place))
        inner = below(own, "inner")
        scaling = {k: v for k, v in own.items() if not k.startswith("inner/")}
        members.append(Scaled(KINDS[kind].of(inner), Scaling(**scaling)))
    return Committee(tuple(members))


def packed_all(fits: Sequence[Sequence[Scaled]]) -> Arrays:
    """Return the arrays of several lists of fits of one learner, for one file.

    Parameters
    ----------
    fits : lists of predictors of one kind
    """
    kind, arrays = packed(Committee(tuple(fit for of in fits for fit in of)))
    counts = np.array([len(of) for of in fits])
    return arrays | {"kind": np.array(list(KINDS).index(kind)), "counts": counts}


def unpacked_all(arrays: Mapping[str, Array]) -> list[list[Scaled]]:
    """Return the fits that `packed_all` took apart.

    Parameters
    ----------
    arrays : of `packed_all`
    """
    fits = {k: v for k, v in arrays.items() if k not in {"kind", "counts"}}
    members = iter(unpacked(list(KINDS)[int(arrays["kind"])], fits).members)
    return [[next(members) for _ in range(count)] for count in arrays["counts"]]


def below(arrays: Mapping[str, Array], name: str) -> Arrays:
    """Return the arrays of a folder, as ``name/key``, by their keys.

    Parameters
    ----------
    arrays : name → array
    name : of a group
    """
    prefix = f"{name}/"
    return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
