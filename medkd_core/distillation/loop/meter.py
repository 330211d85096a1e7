"""Losses and speed between two reports."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping


class Meter:
    """Mean losses and speed since it was made."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._sums: Counter[str] = Counter()
        self.images = 0
        self.steps = 0

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return time.perf_counter() - self._started

    def add(self, losses: Mapping[str, float], images: int) -> None:
        """Count a step."""
        self._sums.update(losses)
        self.images += images
        self.steps += 1

    def mean_losses(self) -> dict[str, float]:
        """Over the steps, by name."""
        return {name: total / self.steps for name, total in self._sums.items()}
