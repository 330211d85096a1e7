"""Whether a map lies where a mask says that the finding is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.interpolation import on_grid
from medkd_core.explanation.localisation.overlap import dice, iou
from medkd_core.explanation.localisation.ranking import ranked
from medkd_core.explanation.localisation.thresholds import otsu_region

FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]

TOLERANCE = 0.05
"""How far beside the mask a peak is still near, as a share of the diagonal. The pointing game's
15 pixels of a picture of 224 are that."""


@dataclass(frozen=True, slots=True)
class Localisation:
    """How well a map finds a mask; all numbers are finite and in [0, 1], more is better.

    A map that is the same everywhere gives no opinion, and gets what chance gives: the mask's share
    of the image (with its surroundings for `pointing_near`, 0.5 for `roc_area`); its Otsu region is
    empty. A mask that covers all of the image is found by every map, and `roc_area` is 0.5.

    Attributes
    ----------
    mask_share : float
        Share of the image that the mask covers: what most measures are by chance.
    pointing : float
        Pointing game (Zhang et al., 2018, doi:10.1007/s11263-017-1059-x): 1 when a place of the
        highest value lies in the mask, else 0.
    pointing_near : float
        The same with `TOLERANCE`, measured to the nearest place of the mask.
    mass_accuracy : float
        Share of the map's sum that lies in the mask: relevance mass accuracy (Arras et al., 2022,
        arXiv:2003.07258), and also the energy-based pointing game of Score-CAM's authors
        (arXiv:1910.01279), since maps have no negative values.
    rank_accuracy : float
        Share of the mask among the places with the highest values, as many as the mask has
        (relevance rank accuracy, Arras et al., 2022). Of equal values at the border, the share
        that is to be expected.
    average_precision : float
        Area under the precision-recall curve by steps, as scikit-learn has it.
    roc_area : float
        Area under the receiver operating characteristic.
    otsu_iou, otsu_dice : float
        Overlap of the mask with the region above Otsu's threshold of the map.
    tuned_iou, tuned_dice : float or None
        Overlap with the region from a threshold on that was tuned on other films; None without.
    """

    mask_share: float
    pointing: float
    pointing_near: float
    mass_accuracy: float
    rank_accuracy: float
    average_precision: float
    roc_area: float
    otsu_iou: float
    otsu_dice: float
    tuned_iou: float | None
    tuned_dice: float | None


def localise(
    values: FloatArray, mask: Mask, *, threshold: float | None = None
) -> Localisation | None:
    """Measure a map against a mask of the same image.

    Parameters
    ----------
    values : float32, (h, w), 0 or more
        Its cells cover the image evenly; on another grid than the mask's it is interpolated
        linearly, and the mask stays as it was drawn.
    mask : bool, (rows, columns)
    threshold : float, optional
        See `tuned_threshold`.

    Returns
    -------
    Localisation or None
        None where the mask is empty: there is nothing to find.

    Raises
    ------
    ValueError
        Map or mask is not two-dimensional or is empty, or the map has values that are negative or
        not finite.
    """
    seen = map_on_mask(values, mask)
    if not mask.any():
        return None
    share = float(mask.mean())
    ranking = ranked(seen, mask)
    otsu = otsu_region(seen)
    tuned = None if threshold is None else seen >= threshold
    return Localisation(
        mask_share=share,
        pointing=_pointing(seen, mask),
        pointing_near=_pointing(seen, _widened(mask, TOLERANCE * np.hypot(*mask.shape))),
        mass_accuracy=mass_inside(seen, mask),
        rank_accuracy=ranking.found_among(int(mask.sum())) / int(mask.sum()),
        average_precision=ranking.average_precision(),
        roc_area=ranking.roc_area(),
        otsu_iou=iou(otsu, mask),
        otsu_dice=dice(otsu, mask),
        tuned_iou=None if tuned is None else iou(tuned, mask),
        tuned_dice=None if tuned is None else dice(tuned, mask),
    )


def mass_inside(values: NDArray[np.floating], mask: Mask) -> float:
    """Share of a map's sum that lies in a mask, such as the lungs'.

    Parameters
    ----------
    values : float, (h, w), 0 or more
    mask : bool, (rows, columns)

    Returns
    -------
    float, [0, 1]
        The mask's share of the image for a map of zeros, 0 for an empty mask.

    Raises
    ------
    ValueError
        As `localise`.
    """
    seen = map_on_mask(values, mask)
    total = seen.sum()
    return float(seen[mask].sum() / total) if total > 0 else float(mask.mean())


def map_on_mask(values: NDArray[np.floating], mask: Mask) -> NDArray[np.float64]:
    """A map on the grid of a mask; raises ValueError for what is no map or no mask."""
    if mask.ndim != 2 or not mask.size or mask.dtype != np.bool_:
        raise ValueError("a mask is a two-dimensional array of truth values")
    if values.ndim != 2 or not values.size or not (np.isfinite(values) & (values >= 0)).all():
        raise ValueError("a map is a two-dimensional array of finite numbers from 0 on")
    return on_grid(values, mask.shape)


def _pointing(values: NDArray[np.float64], mask: Mask) -> float:
    if not np.ptp(values):
        return float(mask.mean())
    return float(mask[values == values.max()].any())


def _widened(mask: Mask, reach: float) -> Mask:
    """Every place within that many cells of the mask."""
    outside = (~mask).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= reach)
