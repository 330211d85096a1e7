"""A loss and what it was made of."""

from __future__ import annotations

from dataclasses import dataclass, fields

from torch import Tensor


@dataclass(frozen=True, slots=True)
class HybridLoss:
    """The loss of a batch and its parts, all scalars, the parts before they were weighted."""

    total: Tensor
    hard: Tensor
    soft: Tensor | None = None
    features: Tensor | None = None
    maps: Tensor | None = None

    def parts(self) -> dict[str, Tensor]:
        """Those that there are, by name."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in named.items() if value is not None}
