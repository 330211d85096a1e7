"""Preprocessing as data: what a network sees of a film, and the way back.

One `View` a bundle says which intensities are looked at and how a film is fitted to a square; one
`InputRecipe` a network says size, interpolation and normalisation. Both are stored in the bundle
and used unchanged for training, evaluating and reading.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

_Positive = Annotated[float, Field(gt=0)]


class View(BaseModel):
    """How a frame becomes the square picture that every network of a bundle is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    intensity: Literal["voi", "percentiles", "full"] = "voi"
    """``voi``: the file's first LUT or window, else the full range; ``percentiles``: from
    ``low_percentile`` to ``high_percentile`` of the picture; ``full``: smallest to largest."""
    low_percentile: Annotated[float, Field(ge=0, lt=100)] = 1.0
    high_percentile: Annotated[float, Field(gt=0, le=100)] = 99.0
    fit: Literal["stretch", "letterbox", "crop"] = "letterbox"
    """``stretch``: aspect ratio not kept; ``letterbox``: black bars; ``crop``: central square."""

    @model_validator(mode="after")
    def _low_is_below_high(self) -> Self:
        if self.low_percentile >= self.high_percentile:
            raise ValueError("low_percentile must be below high_percentile")
        return self


class InputRecipe(BaseModel):
    """How the fitted square becomes one network's input."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    size: Annotated[int, Field(ge=16, le=2048)]
    """Side of the square input in pixels."""
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[_Positive, _Positive, _Positive] = IMAGENET_STD
