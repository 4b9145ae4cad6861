"""What the digital core line expects of its crops: facts as a table, rules as plain data."""

import hashlib
from collections.abc import Mapping
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from poreops.cores.crops import Crops, shared_crops
from poreops.mlops.expectations import Expectation, Suite


class ValidationConfig(BaseModel):
    """Limits of the suite.

    Attributes
    ----------
    contrast_min : smallest standard deviation of a crop's grey values
    saturated_max : largest share of pixels that are 0 or 255
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    contrast_min: Annotated[float, Field(ge=0)]
    saturated_max: Annotated[float, Field(ge=0, le=1)]


def crop_facts(crops: Mapping[str, Crops]) -> pd.DataFrame:
    """Return one row per crop, named "part/number".

    Parameters
    ----------
    crops : part ("train", "search", "gate", "report") → Crops

    Returns
    -------
    columns : bits (of a grey value), contrast (standard deviation), darkest, brightest, saturated
        (share of pixels at 0 or 255), twins (other crops of the same content in any part), shared
        (other parts with a crop that shares a pixel of the image with it).
    """
    rows = {
        f"{part}/{number}": {
            "bits": 8 * crop.dtype.itemsize * (crop.dtype.kind == "u"),
            "contrast": float(crop.std()),
            "darkest": float(crop.min()),
            "brightest": float(crop.max()),
            "saturated": float(((crop == 0) | (crop == 255)).mean()),
            "digest": hashlib.blake2b(crop.tobytes(), digest_size=16).hexdigest(),
        }
        for part, cut in crops.items()
        for number, crop in enumerate(cut.images)
    }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    frame["twins"] = frame.groupby("digest")["digest"].transform("size") - 1
    counts = []
    for part, cut in crops.items():
        shared = [shared_crops(cut, other) for name, other in crops.items() if name != part]
        counts.append(np.sum(shared, axis=0))
    frame["shared"] = np.concatenate(counts)
    return frame.drop(columns="digest")


def crop_suite(config: ValidationConfig) -> Suite:
    """Return the rules of `crop_facts`.

    Parameters
    ----------
    config : ValidationConfig
    """
    grey = "give 8-bit grey images in cores.crops.images"
    between, equal = "expect_column_values_to_be_between", "expect_column_values_to_be_in_set"

    def rule(kind: str, column: str, remedy: str, **limits: object) -> Expectation:
        return Expectation(kind, {"column": column, **limits}, remedy)

    return Suite(
        "crops",
        (
            Expectation(
                "expect_table_row_count_to_be_between", {"min_value": 8},
                "ask for more crops in cores.crops.train, search, gate and report",
            ),
            rule(equal, "bits", grey, value_set=[8]),
            rule(between, "darkest", grey, min_value=0, max_value=255),
            rule(between, "brightest", grey, min_value=0, max_value=255),
            rule(
                between, "contrast",
                "leave out the empty part of the image, or lower cores.validation.contrast_min",
                min_value=config.contrast_min,
            ),
            rule(
                between, "saturated",
                "export the image without clipping, or raise cores.validation.saturated_max",
                max_value=config.saturated_max,
            ),
            rule(
                equal, "twins",
                "the same crop is there twice: list each image once in cores.crops.images",
                value_set=[0],
            ),
            rule(
                equal, "shared",
                "crops of two parts share pixels, so that a part is not new to a model: cut them "
                "again with the stage cores_crops",
                value_set=[0],
            ),
        ),
    )  # fmt: skip
