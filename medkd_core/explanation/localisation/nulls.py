"""What a map that knows nothing would reach against the same mask."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.agreement.nulls import Standing, standing
from medkd_core.explanation.localisation.measures import Localisation, localise
from medkd_core.explanation.null_maps import centre_blob, random_maps_like

FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LocalisationNulls:
    """Measures of maps that never saw the image, against its mask.

    Attributes
    ----------
    random : tuple of Localisation
        Of random maps with the map's own spectrum and values, see `random_maps_like`.
    centre : Localisation
        Of a Gaussian in the middle of the image, see `centre_blob`. It has its own values, and so
        its overlap at a tuned threshold is that of a disc.
    """

    random: tuple[Localisation, ...]
    centre: Localisation


def localisation_nulls(
    values: FloatArray,
    mask: Mask,
    *,
    threshold: float | None = None,
    count: int = 20,
    seed: int = 0,
) -> LocalisationNulls | None:
    """Measure random maps and a centred blob as `localise` measures the map.

    Parameters
    ----------
    values : float32, (h, w), 0 or more
    mask : bool, (rows, columns)
    threshold : float, optional
    count : int
        Random maps.
    seed : int

    Returns
    -------
    LocalisationNulls or None
        None where the mask is empty.
    """
    centre = localise(centre_blob(values.shape), mask, threshold=threshold)
    if centre is None:
        return None
    drawn = random_maps_like(values, count, seed=seed)
    random = [localise(one, mask, threshold=threshold) for one in drawn]
    return LocalisationNulls(tuple(found for found in random if found is not None), centre)


def against_random(found: Localisation, nulls: LocalisationNulls) -> dict[str, Standing]:
    """Where each measure of a map lies among those of the random maps, by the measure's name.

    The mask's share, which is no measure of the map, is left out, and so is what was not measured.
    """
    drawn = [asdict(one) for one in nulls.random]
    return {
        name: standing(value, [one[name] for one in drawn])
        for name, value in asdict(found).items()
        if value is not None and name != "mask_share"
    }
