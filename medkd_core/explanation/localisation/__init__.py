"""Whether a map lies where a mask says, and where a map that knows nothing would lie."""

from medkd_core.explanation.localisation.measures import Localisation, localise, mass_inside
from medkd_core.explanation.localisation.nulls import (
    LocalisationNulls,
    against_random,
    localisation_nulls,
)
from medkd_core.explanation.localisation.thresholds import otsu_region, tuned_threshold

__all__ = [
    "Localisation",
    "LocalisationNulls",
    "against_random",
    "localisation_nulls",
    "localise",
    "mass_inside",
    "otsu_region",
    "tuned_threshold",
]
