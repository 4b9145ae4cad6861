"""A quilting on disk and in use: it holds pieces of the training crops, and no network."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from poreops.base.files import read_json, write_json
from poreops.base.finite import check_finite
from poreops.base.hdf5 import read_hdf5, write_hdf5
from poreops.base.show.result import Shown
from poreops.cores.features.noise_law import NoiseLaw
from poreops.cores.features.structure import Segmentation
from poreops.cores.learning.description import BITS, DESCRIPTION, check_bits, unfit
from poreops.cores.learning.goals import Goals
from poreops.cores.learning.pieces import Library, QuiltingConfig
from poreops.cores.learning.quilt import NATURAL, STATED, quilt, rows_of
from poreops.errors import InputError

METHOD, PIECES = "quilting", "pieces.h5"

_AT_ONCE = 2**20  # pixels quilted side by side
_PLANES = 40  # bytes held for a pixel
_SMOOTHING = 1.5  # pixels: what parts the greys of the phases under the noise


class QuiltingModel(Shown, kind="core model"):
    """A library of pieces, and what is drawn with it.

    Attributes
    ----------
    library : Library
    """

    def __init__(self, library: Library) -> None:
        self.library = library

    @classmethod
    def cut(cls, crops: NDArray[np.uint8], config: QuiltingConfig, seed: int) -> Self:
        """Cut the pieces from crops.

        Parameters
        ----------
        crops : (n, rows, columns) uint8, to train on
        config : QuiltingConfig
        seed : of the choice of the pieces

        Raises
        ------
        InputError
            If the crops are smaller than a piece, or have no contrast.
        """
        segmentation = Segmentation.fit(crops, _SMOOTHING)
        return cls(Library.cut(crops, config, segmentation, seed))

    @property
    def patch(self) -> int:
        """Edge of a core where none is stated: that of the crops [pixel]."""
        return int(self.library.sources.shape[1])

    @property
    def segmentation(self) -> Segmentation:
        """What tells pores and ores."""
        return self.library.segmentation

    @property
    def made_of(self) -> str:
        """What it holds, in words."""
        sources, places = self.library.sources, self.library.places
        return f"{len(places)} pieces of {len(sources)} training images"

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
            If a number of its noise is not finite.
        """
        folder = Path(folder)
        description = read_json(folder / DESCRIPTION)
        check_bits(description, folder)
        arrays, _ = read_hdf5(folder / PIECES)
        try:
            config = QuiltingConfig(**description["quilting"])
            law = None
            if config.noise == "fresh":
                law = NoiseLaw(arrays["levels"], arrays["sd"], arrays["kernel"])
            segmentation = Segmentation(**description["segmentation"])
            library = Library(config, arrays["sources"], arrays["places"], law, segmentation)
            _check_places(library)
        except (KeyError, TypeError, ValueError) as error:
            raise unfit(folder, error, "cores_quilt") from error
        model = cls(library)
        model.check()
        return model

    def check(self) -> None:
        """Raise `DivergedError` unless the numbers of the noise are finite."""
        if (law := self.library.law) is not None:
            check_finite(
                {"levels": law.levels, "sd": law.sd, "kernel": law.kernel},
                "the noise of a quilting",
            )

    def save(self, folder: str | Path) -> None:
        """Write pieces and description: the same bytes for the same model, no pickle.

        Parameters
        ----------
        folder : made if it is missing
        """
        self.check()
        folder, library = Path(folder), self.library
        folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, NDArray[np.generic]] = {
            "sources": library.sources,
            "places": library.places,
        }
        if (law := library.law) is not None:
            arrays |= {"levels": law.levels, "sd": law.sd, "kernel": law.kernel}
        write_hdf5(folder / PIECES, arrays)
        description = {
            "method": METHOD,
            "holds": self.made_of,
            "quilting": library.config.model_dump(mode="json"),
            "segmentation": vars(library.segmentation),
            "bits": BITS,
        }
        write_json(folder / DESCRIPTION, description)

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
        size : edge [pixel]; by default that of the training crops
        seed : int
        porosity, ore_share : share of pores, and of ores, that every core comes near to; by
            default each draws those of a training crop

        Returns
        -------
        (count, size, size) uint8

        Raises
        ------
        InputError
            If the count or the size is not positive, or no training crop has such a share.
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
        size = self.patch if size is None else size
        if size < 1:
            raise InputError(f"a core must have a positive size, got {size}; ask for {self.patch}")
        goals = Goals(porosity, ore_share)
        goals.check(self.library.law_of_shares, "training crops have")
        return self._drawn(count, size, seed, goals)

    def bytes_needed(self, size: int) -> int:
        """Memory that drawing one core takes, roughly [byte].

        Parameters
        ----------
        size : edge [pixel]
        """
        return _PLANES * (size + self.library.config.piece) ** 2

    def _drawn(
        self, count: int, size: int, seed: int, stated: Goals
    ) -> Iterator[NDArray[np.uint8]]:
        rows = rows_of(self.library, size)
        config = self.library.config
        steering = STATED if stated.stated or config.lead == "firmly" else NATURAL
        firm = config.ores == "firm" or stated.ore_share is not None
        steering = replace(steering, firm=firm)
        batch = min(max(_AT_ONCE // size**2, 1), count)
        for start in range(0, count, batch):
            numbers = range(start, min(start + batch, count))
            rngs = [np.random.default_rng((seed, number)) for number in numbers]
            goals = np.stack([self._goal(size, rng) for rng in rngs])
            for column, share in stated.stated.items():
                goals[:, column] = share
            draws = np.stack([rng.random((rows, rows)) for rng in rngs])
            greys = quilt(self.library, size, goals, draws, steering).greys
            law = self.library.law
            if law is not None:
                greys = np.stack(
                    [law.add(grey, rng) for grey, rng in zip(greys, rngs, strict=True)]
                )
            yield greys

    def _goal(self, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Draw the shares of pores and ores of a core: of as many crops as have its area."""
        known = self.library.law_of_shares
        count = max(round((size / self.patch) ** 2), 1)
        goal: NDArray[np.float64] = known[rng.integers(len(known), size=count)].mean(axis=0)
        return goal


def _check_places(library: Library) -> None:
    """Raise ValueError unless every piece lies in its source."""
    sources, places = library.sources, library.places
    if sources.ndim != 3 or sources.dtype != np.uint8 or places.shape[1:] != (4,):
        raise ValueError("pieces of another kind")
    edge = library.config.piece
    ends = (len(sources), *(n - edge + 1 for n in sources.shape[1:]), 4)
    if places.min() < 0 or (places >= np.array(ends)).any():
        raise ValueError("pieces that lie outside of their images")
