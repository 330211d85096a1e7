"""From a frame to a network's input, and from a network's map back to the frame.

The window that a reader drags plays no part here: a `View` says which intensities are looked at and
how a film is fitted to a square, an `InputRecipe` says the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from medkd_core.imaging.display.chain import display_image
from medkd_core.imaging.display.windows import auto_window, default_voi, full_window
from medkd_core.imaging.frame import FloatArray, Frame, Photometric, Window
from medkd_core.imaging.recipe import InputRecipe, View

_RESAMPLING = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


def view_image(frame: Frame, view: View) -> FloatArray:
    """Brightness of a frame as the networks of a bundle see it, not yet fitted to a square.

    Air is dark whatever the photometric interpretation; padding is black. Colour is only scaled.

    Returns
    -------
    float32, (rows, columns) or (rows, columns, 3), [0, 1]
    """
    if frame.photometric is Photometric.RGB:
        return display_image(frame)
    if view.intensity == "voi":
        return display_image(frame, default_voi(frame))
    return display_image(frame, _computed_window(frame, view))


def network_input(image: FloatArray, view: View, recipe: InputRecipe) -> FloatArray:
    """One network's input, made from what `view_image` returned.

    Returns
    -------
    float32, (3, size, size)
        Normalised by the recipe's mean and standard deviation.
    """
    return normalise(fitted_square(image, view, recipe.size, recipe.interpolation), recipe)


def fitted_square(image: FloatArray, view: View, size: int, interpolation: str) -> FloatArray:
    """An image resampled (with antialiasing) onto a square as ``view.fit`` says.

    Parameters
    ----------
    image : float32, (rows, columns) or (rows, columns, 3), [0, 1]
    view : View
    size : int
        Side of the square in pixels.
    interpolation : {"bilinear", "bicubic"}
        Pillow's filter, the one that torchvision uses on pictures.

    Returns
    -------
    float32, (size, size) or (size, size, 3), [0, 1]
    """
    rows, columns = image.shape[:2]
    down, across = _axes(rows, columns, view, size)
    seen = image[down.seen_from : down.seen_to, across.seen_from : across.seen_to]
    square = np.zeros((size, size, *image.shape[2:]), np.float32)
    inside = square[down.start : down.stop, across.start : across.stop]
    for source, target in _planes(seen, inside):
        picture = Image.fromarray(np.ascontiguousarray(source, np.float32))
        shape = (across.stop - across.start, down.stop - down.start)
        target[...] = np.asarray(picture.resize(shape, _RESAMPLING[interpolation]))
    # Bicubic weights are partly negative and overshoot at edges.
    return np.clip(square, 0.0, 1.0)


def normalise(square: FloatArray, recipe: InputRecipe) -> FloatArray:
    """``(square - mean) / std`` per channel; grey is repeated over the three channels.

    Parameters
    ----------
    square : float32, (size, size) or (size, size, 3), [0, 1]
    recipe : InputRecipe

    Returns
    -------
    float32, (3, size, size)
    """
    channels = square[np.newaxis] if square.ndim == 2 else square.transpose(2, 0, 1)
    mean = np.asarray(recipe.mean, np.float32)[:, np.newaxis, np.newaxis]
    std = np.asarray(recipe.std, np.float32)[:, np.newaxis, np.newaxis]
    return np.ascontiguousarray((channels - mean) / std)


def map_to_image(
    native: FloatArray, view: View, recipe: InputRecipe, rows: int, columns: int
) -> FloatArray:
    """A network's map laid over the image it came from.

    The map's cells cover the square input evenly, each cell's value at its centre; between
    centres it is interpolated linearly, and the outermost half cells keep their value. Pixels that
    are larger than cells are weighted means of all cells around, so that none is passed over.

    Parameters
    ----------
    native : float32, (h, w)
        Of any resolution: of the target layer, or of the network's input.
    view : View
    recipe : InputRecipe
    rows, columns : int
        Size of the image.

    Returns
    -------
    float32, (rows, columns)
        0 where the network did not see the image (outside the crop).
    """
    down, across = _axes(rows, columns, view, recipe.size)
    row_weights = down.map_weights(native.shape[0], rows, recipe.size)
    column_weights = across.map_weights(native.shape[1], columns, recipe.size)
    return np.asarray(row_weights @ native.astype(np.float32) @ column_weights.T)


@dataclass(frozen=True, slots=True)
class _Axis:
    """Which pixels of the image land on which pixels of the square, along one axis."""

    seen_from: int
    seen_to: int
    start: int
    stop: int

    def map_weights(self, cells: int, length: int, size: int) -> FloatArray:
        """(length, cells): linear interpolation of cell-centred values at pixel centres.

        The weights of a pixel that is larger than a cell reach as far as the next pixel.
        """
        seen_share = (self.stop - self.start) / size
        reach = max(1.0, seen_share * cells / (self.seen_to - self.seen_from))
        centers = np.arange(length) + 0.5
        share = (centers - self.seen_from) / (self.seen_to - self.seen_from)
        position = (self.start / size + share * seen_share) * cells - 0.5
        seen = (share > 0) & (share < 1)
        distance = np.abs(np.clip(position, 0, cells - 1)[:, np.newaxis] - np.arange(cells))
        weights = np.clip(1.0 - distance / reach, 0.0, 1.0)
        weights *= seen[:, np.newaxis] / weights.sum(axis=1, keepdims=True)
        return weights.astype(np.float32)


def _axes(rows: int, columns: int, view: View, size: int) -> tuple[_Axis, _Axis]:
    if view.fit == "crop":
        side = min(rows, columns)
        return _cropped(rows, side, size), _cropped(columns, side, size)
    if view.fit == "letterbox":
        longer = max(rows, columns)
        return _between_bars(rows, longer, size), _between_bars(columns, longer, size)
    return _Axis(0, rows, 0, size), _Axis(0, columns, 0, size)


def _cropped(length: int, side: int, size: int) -> _Axis:
    margin = (length - side) // 2
    return _Axis(margin, margin + side, 0, size)


def _between_bars(length: int, longer: int, size: int) -> _Axis:
    pixels = max(1, round(size * length / longer))
    start = (size - pixels) // 2
    return _Axis(0, length, start, start + pixels)


def _planes(image: FloatArray, square: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
    if image.ndim == 2:
        return [(image, square)]
    return [(image[..., channel], square[..., channel]) for channel in range(image.shape[2])]


def _computed_window(frame: Frame, view: View) -> Window:
    if view.intensity == "full":
        return full_window(frame)
    return auto_window(frame, view.low_percentile, view.high_percentile)
