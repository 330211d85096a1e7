"""How alike two maps are, and where that lies between maps that have nothing in common."""

from medkd_core.explanation.agreement.measures import Agreement, agreement
from medkd_core.explanation.agreement.similarity import pearson, spearman, structural_similarity

__all__ = ["Agreement", "agreement", "pearson", "spearman", "structural_similarity"]
