"""Predict the conduits that a model is sure of, and simulate the others."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from poreops.base.arguments import shown
from poreops.conduits.exchangeability import Exchangeability, drawn_conduits, exchangeability
from poreops.conduits.loop import Crop, Names
from poreops.conduits.quantity import Target
from poreops.errors import InputError

RTOL = 0.05
"""Half width of the interval below which a prediction is taken, by default."""

COST: dict[Target, float] = {"diffusive": 0.7, "hydraulic": 0.2}
"""What a prediction takes of the time of a simulation, as measured (docs/conductance.md)."""

_BATCH = 128

FloatArray = NDArray[np.float64]
Model = TypeVar("Model")
# size factors of conduits, which a warning calls by these names
Simulation = Callable[[Iterable[Crop], Names], FloatArray]


class IntervalModel(Protocol):
    """A model that knows how sure it is."""

    @property
    def coverage(self) -> float:
        """Share of the conduits whose truth lies inside their interval."""

    def conduit_intervals(self, crops: Iterable[Crop]) -> tuple[FloatArray, FloatArray]:
        """Return size factors, and half widths of the intervals of their logarithms."""


@dataclass(frozen=True)
class Sureness:
    """How sure the size factors of conduits are.

    Attributes
    ----------
    half_widths : (n,) float64, of the interval of log G; 0 where it was simulated, infinite where
        the model does not know it
    simulated : (n,) bool
    coverage : share of the predicted conduits whose truth lies inside
    exchangeability : what conduits drawn at random say of that; None where none were
    """

    half_widths: FloatArray
    simulated: NDArray[np.bool_]
    coverage: float
    exchangeability: Exchangeability | None = None

    @property
    def simulated_share(self) -> float:
        """Share of the conduits that were simulated."""
        return float(self.simulated.mean()) if self.simulated.size else 0.0

    @property
    def unknown(self) -> int:
        """Number of conduits whose interval is not known."""
        return int(np.isinf(self.half_widths).sum())

    @property
    def typical(self) -> float:
        """Median half width of what was predicted with an interval, 0 if nothing was."""
        predicted = self.half_widths[~self.simulated & np.isfinite(self.half_widths)]
        return float(np.median(predicted)) if predicted.size else 0.0


class SizeFactors(NamedTuple):
    """The size factors of an image, 0 where the regions share no face.

    Attributes
    ----------
    throats : (Nt,) float64, in powers of a voxel
    faces : (Nb,) float64, of the face contacts
    sureness : of both, one after the other; None where no model states any
    """

    throats: FloatArray
    faces: FloatArray
    sureness: Sureness | None = None


def checked_rtol(rtol: float) -> float:
    """Return the relative tolerance, or raise `InputError`.

    Parameters
    ----------
    rtol : finite, >= 0
    """
    if isinstance(rtol, bool) or not isinstance(rtol, int | float) or not 0 <= rtol < np.inf:
        raise InputError(
            f"rtol must be a finite number >= 0, got {shown(rtol)}; {RTOL} is usual, 0 simulates "
            "every conduit"
        )
    return float(rtol)


def default_model(method: str, model: Model, transport: str, ndim: int = 3) -> Model | str:
    """Return the model, or where `auto` was given none the URI of the one that is shipped.

    Parameters
    ----------
    method : one of `conduits.methods.METHODS`
    model : model, URI or None
    transport : "diffusion" or "flow"; a model knows one of the two
    ndim : of the image

    Examples
    --------
    >>> default_model("auto", None, "flow"), default_model("dns", None, "flow")
    ('shipped:flow', None)
    >>> default_model("auto", None, "flow", 2)
    'shipped:flow-2d'
    """
    auto = isinstance(method, str) and method == "auto"
    if model is None and auto and transport in ("diffusion", "flow"):
        return f"shipped:{transport}" + "-2d" * (ndim == 2)
    return model


def with_intervals(model: object) -> bool:
    """Tell whether a model knows how sure it is.

    Parameters
    ----------
    model : any
    """
    return hasattr(model, "conduit_intervals")


def require_intervals(model: object) -> None:
    """Raise `InputError` unless a model knows how sure it is.

    Parameters
    ----------
    model : any
    """
    if not with_intervals(model):
        raise InputError(
            "method 'auto' needs a model that states intervals, got one that states none; choose "
            "one of the member physics, or --method model"
        )


def sure_size_factors(
    crops: Iterable[Crop],
    model: IntervalModel,
    simulate: Simulation,
    names: Names,
    rtol: float,
    cost: float,
    count: int = 0,
) -> tuple[FloatArray, Sureness]:
    """Return size factors of conduits, simulated where the interval is wider than asked.

    Where so many of some hundred conduits need a simulation that predicting them first does not
    pay, the rest is simulated outright; at ``rtol`` 0 every one is. A few that are drawn at random
    are simulated in any case, to compare the model's errors with those of its calibration.

    Parameters
    ----------
    crops : each (nx, ny[, nz]) uint8, 0 solid, 1 and 2 the regions
    model : IntervalModel
    simulate : Simulation
    names : of the conduits, for warnings
    rtol : largest half width of a prediction that is taken; infinite to simulate none
    cost : time of a prediction relative to that of a simulation, below 1
    count : number of conduits that some are drawn from; 0 to draw none

    Returns
    -------
    (n,) float64 in powers of a voxel, Sureness
    """
    stream, parts, start = iter(crops), [], 0
    pays, compared = rtol > 0, []
    calibration: Sequence[float] = getattr(model, "calibration", ())
    # without a calibration there is nothing to compare with
    drawn = drawn_conduits(count if len(calibration) and rtol < np.inf else 0)

    def named(at: NDArray[np.intp], first: int) -> Names:
        return lambda i: names(int(at[i]) + first)

    for batch in _batches(stream):
        if not pays:
            rest = chain(batch, stream)
            found = simulate(rest, lambda i, first=start: names(i + first))  # type: ignore[misc]
            parts.append((found, np.zeros(len(found)), np.ones(len(found), np.bool_)))
            break
        factors, widths = model.conduit_intervals(batch)
        unsure = ~(widths <= rtol) & (rtol < np.inf)
        pays = float(unsure.mean()) <= 1 - cost
        here = np.flatnonzero(drawn[start : start + len(batch)])
        unsure[here] = True
        which = np.flatnonzero(unsure)
        predicted = factors[here], widths[here]
        if which.size:
            factors[which] = simulate((batch[i] for i in which), named(which, start))
            widths[which] = 0.0
        compared.append((*predicted, factors[here]))
        parts.append((factors, widths, unsure))
        start += len(batch)
    every = [np.concatenate(column) for column in zip(*parts, strict=True)] or [np.zeros(0)] * 3
    told = None
    if compared:
        found, widths, truth = map(np.concatenate, zip(*compared, strict=True))
        told = exchangeability(found, widths, truth, calibration)
    return every[0], Sureness(every[1], every[2].astype(np.bool_), model.coverage, told)


def _batches(stream: Iterator[Crop]) -> Iterator[list[Crop]]:
    while batch := list(islice(stream, _BATCH)):
        yield batch
