"""Networks: teachers, student, the registry of facts about them, and their weights."""

from medkd_core.networks.creation import create_network
from medkd_core.networks.registry import NETWORKS, NetworkFacts, network_facts, recipe_for

__all__ = ["NETWORKS", "NetworkFacts", "create_network", "network_facts", "recipe_for"]
