"""The member `physics`: an estimate from the conduit's own voxels, corrected, with an interval."""

import hashlib
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import NamedTuple, Self, cast

import numpy as np
from numpy.typing import NDArray

from poreops.base.files import read_json, replacing, write_json
from poreops.base.finite import check_finite
from poreops.conductance.learning.boosting import Correction
from poreops.conductance.learning.encoding import Encoded, ImageEncoding
from poreops.conductance.learning.intervals import Intervals
from poreops.conductance.learning.priors import (
    DIFFICULTY,
    ESTIMATE,
    ZOOM,
    kind_columns,
    prior_encoding,
    prior_names,
    priors,
)
from poreops.conductance.learning.seen import Seen
from poreops.conductance.model import BATCH, DESCRIPTION, ConductanceModel, batched, carrying
from poreops.conduits.labels import LabelConfig
from poreops.conduits.quantity import zoom_power
from poreops.errors import InputError

CORRECTION = "correction.ubj"
VERSION = 1
"""Of the traits: a correction that was learned on other ones answers wrong numbers."""

Floats = NDArray[np.float64]


class Answer(NamedTuple):
    """Size factors with their intervals.

    Attributes
    ----------
    size_factors : (n,) float64, in powers of a voxel of the ROI
    half_widths : (n,) float64, of the interval of log G; infinite where it is not known, as of
        conduits of another kind than those of the training
    clamped : (n,) bool, where the correction left the bounds of the estimate and was brought back
    """

    size_factors: Floats
    half_widths: Floats
    clamped: NDArray[np.bool_]


class PhysicsModel(ConductanceModel):
    """An estimate of the size factor and a correction of its logarithm by boosted trees.

    Attributes
    ----------
    correction : Correction
    intervals : Intervals
    limits : (2, j) float32, least and largest of the traits without a length in the training
    seen : distribution of the traits in the training; None of a model of 0.2.0 or earlier
    probe : (k, m) float32, rows of a few conduits, whose answers are kept with the model
    """

    def __init__(
        self,
        correction: Correction,
        intervals: Intervals,
        label: LabelConfig,
        ndim: int,
        limits: NDArray[np.float32],
        probe: NDArray[np.float32],
        seen: Seen | None = None,
    ) -> None:
        self.correction, self.intervals = correction, intervals
        self.limits, self.probe, self.seen = limits, probe, seen
        self.label, self.ndim, self.target = label, ndim, label.target
        self.member = "physics"
        flow = label.target == "hydraulic"
        self.walls = label.walls if flow else None
        self.convention = None if flow else label.convention

    @property
    def parameters(self) -> int:
        """Number of leaves."""
        return self.correction.leaves

    @property
    def coverage(self) -> float:
        """Share of the conduits whose truth lies inside their interval."""
        return self.intervals.coverage

    @property
    def calibration(self) -> tuple[float, ...]:
        """Errors of log G over the half widths, of conduits that nothing was learned from."""
        return self.intervals.scores

    @property
    def sees(self) -> ImageEncoding:
        """The encoding of a conduit that it takes."""
        return cast(ImageEncoding, prior_encoding(self.label))

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Load what `save` wrote.

        Parameters
        ----------
        folder : with correction and description

        Raises
        ------
        InputError
            If files are missing, damaged, or do not fit each other.
        """
        folder = Path(folder)
        try:
            found = cls._read(folder)
        except (KeyError, TypeError, ValueError, OSError) as error:
            reason = " ".join(str(error).split())[:200]
            raise InputError(
                f"{folder} must hold a conductance model, got {reason}; "
                "make it again with the stage conductance_train"
            ) from error
        return found

    @classmethod
    def _read(cls, folder: Path) -> Self:
        stated = read_json(folder / DESCRIPTION)
        if stated["traits"] != VERSION:
            raise ValueError(f"traits {stated['traits']}, where this version has {VERSION}")
        trees = (folder / CORRECTION).read_bytes()
        # XGBoost ends the whole process where its own file is cut short
        if hashlib.sha256(trees).hexdigest() != stated["sha256"]:
            raise ValueError(f"a {CORRECTION} that is not the one which was saved")
        label = LabelConfig(**stated["label"])
        found = cls(
            Correction(trees),
            _intervals(**stated["intervals"]),
            label,
            int(stated["ndim"]),
            np.array(stated["limits"], np.float32).reshape(2, -1),
            np.array(stated["probe"]["rows"], np.float32),
            Seen.read(stated.get("seen"), traits(label)),
        )
        again = found.answer(found.probe).size_factors
        if not np.allclose(again, stated["probe"]["answers"], rtol=1e-5):
            raise ValueError("a correction that answers otherwise than when it was saved")
        return found

    def save(self, folder: str | Path) -> None:
        """Write correction and description: the same bytes for the same model, no pickle.

        Parameters
        ----------
        folder : made if missing

        Raises
        ------
        InputError
            If answers are not finite; nothing is written then.
        """
        self.check()
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / CORRECTION) as path:
            path.write_bytes(self.correction.ubjson)
        answers = self.answer(self.probe).size_factors
        description = {
            "member": self.member,
            "traits": VERSION,
            "sha256": hashlib.sha256(self.correction.ubjson).hexdigest(),
            "label": self.label.model_dump(),
            "intervals": asdict(self.intervals),
            "limits": self.limits.tolist(),
            "ndim": self.ndim,
            "target": self.target,
            "walls": self.walls,
            "convention": self.convention,
            "probe": {"rows": self.probe.tolist(), "answers": answers.tolist()},
        } | ({} if self.seen is None else {"seen": self.seen.content})
        write_json(folder / DESCRIPTION, description)

    def check(self, what: str = "the conductance model") -> None:
        """Raise InputError unless the answers to its probe are finite.

        Parameters
        ----------
        what : how the message names the model
        """
        check_finite({"answers to its probe": self.answer(self.probe).size_factors}, what)

    def prepared(self, crops: Iterable[NDArray[np.uint8]]) -> Iterator[tuple[Encoded, Floats]]:
        """Estimate the size factors of `joined` crops batch by batch; nothing is zoomed.

        Parameters
        ----------
        crops : as of `conduit_size_factors`, each in one piece

        Yields
        ------
        Encoded, and ones (n,) in place of the zoom ratios
        """
        row = partial(priors, encoding=self.sees)
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            for batch in batched(crops, BATCH):
                if batch[0].ndim != self.ndim:
                    raise InputError(
                        f"this model was trained on {self.ndim}D conduits, got "
                        f"{batch[0].ndim}D; give it a {self.ndim}D image or choose another model"
                    )
                rows = np.stack(list(pool.map(row, batch)))
                yield Encoded(np.empty((len(rows), 0), np.uint8), rows), np.ones(len(rows))

    def compared(self, scalars: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the traits (n, j) of the conduits that have an estimate.

        Parameters
        ----------
        scalars : (n, k) float32, as `learning.priors.priors` returns them
        """
        return scalars[np.isfinite(scalars).all(axis=1)][:, ESTIMATE:]

    def predict_encoded(self, encoded: Encoded) -> Floats:
        """Predict size factors (n,) in voxels of the ROI; NaN where there is no estimate.

        Parameters
        ----------
        encoded : of n conduits
        """
        return self.answer(encoded.scalars).size_factors

    def answer(self, rows: NDArray[np.float32]) -> Answer:
        """Predict size factors with their intervals.

        Parameters
        ----------
        rows : (n, k) float32, as `learning.priors.priors` returns them
        """
        known = np.isfinite(rows).all(axis=1)
        factors, widths = np.full(len(rows), np.nan), np.full(len(rows), math.inf)
        clamped = np.zeros(len(rows), np.bool_)
        if known.any():
            some = rows[known].astype(np.float64)
            found = some[:, ESTIMATE] + self.correction.predict(rows[known])
            most = self._most(some)
            clamped[known] = found > most
            power = zoom_power(self.target, self.ndim)
            factors[known] = np.exp(np.minimum(found, most) + power * some[:, ZOOM])
            known &= ~self._of_another_kind(rows)
            some = rows[known].astype(np.float64)
            widths[known] = self.intervals.half_widths(some[:, ESTIMATE], some[:, DIFFICULTY])
        return Answer(factors, widths, clamped)

    def conduit_intervals(self, crops: Iterable[NDArray[np.uint8]]) -> tuple[Floats, Floats]:
        """Size factor of each conduit crop, and the half width of the interval of its logarithm.

        Parameters
        ----------
        crops : each (nx, ny[, nz]) uint8, 0 solid, 1 and 2 the regions

        Returns
        -------
        (n,) float64 in powers of a voxel, (n,) float64; 0 and 0 where the regions do not touch
        """
        touching: list[bool] = []
        found = [
            self.answer(encoded.scalars)[:2]
            for encoded, _ in self.prepared(carrying(crops, touching))
        ]
        both = np.zeros((2, len(touching)))
        if found:
            both[:, touching] = np.concatenate(found, axis=1)
        return both[0], both[1]

    def _of_another_kind(self, rows: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Tell whose traits without a length are beyond all of the training."""
        shape = rows[:, kind_columns(self.sees)]
        beyond: NDArray[np.bool_] = ((shape < self.limits[0]) | (shape > self.limits[1])).any(
            axis=1
        )
        return beyond

    def _most(self, rows: Floats) -> Floats:
        """Logarithm of what no conduit exceeds: of diffusion its throat's area."""
        if self.target == "hydraulic":
            return np.full(len(rows), math.inf)
        throat: Floats = rows[:, prior_names(self.sees).index("log_throat")]
        return throat


def traits(label: LabelConfig) -> tuple[str, ...]:
    """Return the names of what a model of such labels sees of a conduit, its estimate first.

    Parameters
    ----------
    label : LabelConfig
    """
    return prior_names(prior_encoding(label))[ESTIMATE:]


def _intervals(
    coverage: float,
    sizes: list[float],
    difficulties: list[list[float]],
    widths: list[list[float]],
    scores: Sequence[float] = (),  # an older model has none
) -> Intervals:
    """Return the intervals from their lists in a description."""
    limits, each = (tuple(map(tuple, rows)) for rows in (difficulties, widths))
    return Intervals(float(coverage), tuple(sizes), limits, each, tuple(scores))
