"""The pieces that cores are quilted of: where they lie in the training crops, and how they fit."""

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from poreops.cores.features.noise_law import NoiseLaw, split_noise
from poreops.cores.features.structure import Segmentation
from poreops.errors import InputError

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]
Positive = Annotated[int, Field(ge=1)]

PORE, ORE = 1, 2
"""Labels of a piece's pixels; 0 is the matrix."""
_LARGEST = 128  # grey values that a pixel may differ by from the median, where pieces are compared
_SQUARE = 2  # pixels averaged along each axis before pieces are compared


class QuiltingConfig(BaseModel):
    """How cores are quilted.

    Attributes
    ----------
    seed : of the pieces; of the first of the repetitions
    repeats : libraries, on seeds that follow each other
    sources : training crops that pieces are cut from, at most
    pieces : how many
    piece, overlap : edge of a piece, and of what neighbours share [pixel], both even
    choices : one of so many pieces that fit best is taken
    mirror : whether pieces may be mirrored; not where a rock has a sense, as an inclined bedding
    noise : "fresh" quilts the structure and draws new noise on it, "copied" quilts the images as
        they are
    ores : how cores are led to their share of ores: "as_pores" by weights no steeper than those of
        pores, "firm" by steeper ones, as few pieces have ores; a stated share is always led firmly
    lead : how cores are led to both shares: "gently", or "firmly", as to stated ones, where those
        that are led gently have too few pores
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int
    repeats: Positive
    sources: Positive
    pieces: Annotated[int, Field(ge=2)]
    piece: Annotated[int, Field(ge=8)]
    overlap: Annotated[int, Field(ge=4)]
    choices: Positive
    mirror: bool
    noise: Literal["fresh", "copied"]
    ores: Literal["as_pores", "firm"] = "as_pores"  # quiltings that are older do not say
    lead: Literal["gently", "firmly"] = "gently"  # nor do they say this

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.piece % _SQUARE or self.overlap % _SQUARE or 2 * self.overlap > self.piece:
            raise ValueError(
                f"piece and overlap must be even and the overlap at most half of the piece, got "
                f"{self.piece} and {self.overlap}"
            )
        if self.choices >= self.pieces:
            raise ValueError(f"choices must be fewer than the {self.pieces} pieces")
        return self

    @property
    def step(self) -> int:
        """Pixels from a piece to the next."""
        return self.piece - self.overlap


@dataclass(frozen=True)
class Fit:
    """What is compared of every piece where it meets its neighbours.

    The numbers are whole and small enough to be added exactly: which piece fits best does not
    depend on how many cores are drawn at once.

    Attributes
    ----------
    where : (q,) places in a piece that was averaged over squares
    values : (n, q) float32, or float64 where a float32 does not hold every sum
    squares : (n,), of each row
    """

    where: NDArray[np.intp]
    values: NDArray[np.floating]
    squares: NDArray[np.floating]


@dataclass(frozen=True)
class Library:
    """Training crops, and the places of the pieces in them.

    Attributes
    ----------
    config : QuiltingConfig
    sources : (m, rows, columns) uint8, crops or their structure
    places : (n, 4) int32: crop, row, column, mirror (1 upside down, 2 left to right, 3 both)
    law : of the noise that is drawn on what is quilted; None where it was copied
    segmentation : tells pores and ores
    """

    config: QuiltingConfig
    sources: Grey
    places: NDArray[np.int32]
    law: NoiseLaw | None
    segmentation: Segmentation

    @classmethod
    def cut(
        cls, crops: Grey, config: QuiltingConfig, segmentation: Segmentation, seed: int
    ) -> Self:
        """Choose the pieces at random.

        Parameters
        ----------
        crops : (n, rows, columns) uint8, to train on
        config : QuiltingConfig
        segmentation : Segmentation
        seed : of the choice

        Raises
        ------
        InputError
            If the crops are smaller than a piece.
        """
        edge = config.piece
        if min(crops.shape[1:]) < edge:
            raise InputError(
                f"crops must be as large as a piece of {edge} pixels, got {crops.shape[1]} x "
                f"{crops.shape[2]}; lower cores.quilting.piece"
            )
        rng = np.random.default_rng(seed)
        chosen = rng.permutation(len(crops))[: config.sources]
        sources, law = crops[np.sort(chosen)], None
        if config.noise == "fresh":
            sources, law = split_noise(sources)
        highest = (len(sources), *(n - edge + 1 for n in sources.shape[1:]))
        places = rng.integers(0, (*highest, 4 if config.mirror else 1), (config.pieces, 4))
        return cls(config, sources, places.astype(np.int32), law, segmentation)

    @cached_property
    def greys(self) -> Grey:
        """The pieces, (n, piece, piece) uint8."""
        return self._pieces(self.sources)

    @cached_property
    def labels(self) -> Grey:
        """Matrix, pores and ores of the pieces, (n, piece, piece) uint8."""
        return self._pieces(self._labelled)

    @cached_property
    def shares(self) -> Floats:
        """Shares of pores and ores of every piece, (n, 2)."""
        return _shares(self.labels)

    @cached_property
    def law_of_shares(self) -> Floats:
        """Shares of pores and ores of every source, (m, 2)."""
        return _shares(self._labelled)

    @cached_property
    def fits(self) -> dict[str, Fit]:
        """By "left", "top" and "both": what is compared there."""
        small, strip = self.config.piece // _SQUARE, self.config.overlap // _SQUARE
        left = np.zeros((small, small), dtype=bool)
        left[:, :strip] = True
        every = self.averaged(self.greys)
        found = {}
        for name, mask in (("left", left), ("top", left.T), ("both", left | left.T)):
            where = np.flatnonzero(mask)
            exact = 3 * len(where) * _LARGEST**2 < 2**24
            values: NDArray[np.floating] = every[:, where].astype(
                np.float32 if exact else np.float64
            )
            found[name] = Fit(where, values, (values**2).sum(axis=1))
        return found

    def averaged(self, images: Grey) -> NDArray[np.float32]:
        """Average squares of images of one piece each, less the median grey of the sources.

        Parameters
        ----------
        images : (n, piece, piece) uint8

        Returns
        -------
        (n, (piece / 2)²) float32, whole numbers
        """
        small = self.config.piece // _SQUARE
        cells = images.reshape(len(images), small, _SQUARE, small, _SQUARE)
        means = np.rint(cells.mean(axis=(2, 4), dtype=np.float32)) - self._median
        found: NDArray[np.float32] = np.clip(means, -_LARGEST, _LARGEST).reshape(len(images), -1)
        return found

    @cached_property
    def _median(self) -> np.float32:
        return np.float32(np.rint(np.median(self.sources)))

    @cached_property
    def _labelled(self) -> Grey:
        found = np.where(self.segmentation.pores(self.sources), PORE, 0)
        found[self.segmentation.ores(self.sources)] = ORE
        return found.astype(np.uint8)

    def _pieces(self, images: Grey) -> Grey:
        edge = self.config.piece
        crop, row, column, mirror = self.places.T
        windows = np.lib.stride_tricks.sliding_window_view(images, (edge, edge), axis=(1, 2))
        found: Grey = windows[crop, row, column]
        down, across = mirror & 1 == 1, mirror & 2 == 2
        found[down] = found[down][:, ::-1]
        found[across] = found[across][:, :, ::-1]
        return found


def _shares(labels: Grey) -> Floats:
    return np.stack([(labels == phase).mean(axis=(1, 2)) for phase in (PORE, ORE)], axis=1)
