"""How alike two maps are, and where that lies between maps that have nothing in common."""

from medkd_core.explanation.agreement.measures import Agreement, agreement
from medkd_core.explanation.agreement.nulls import (
    Standing,
    different_images,
    random_maps,
    standing,
    standings,
)
from medkd_core.explanation.agreement.similarity import pearson, spearman, structural_similarity

__all__ = [
    "Agreement",
    "Standing",
    "agreement",
    "different_images",
    "pearson",
    "random_maps",
    "spearman",
    "standing",
    "standings",
    "structural_similarity",
]
