"""The network and its objective as one module, so that whatever wraps it sees all that learns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from torch import Tensor, nn

from medkd_core.distillation.losses.hybrid import HybridLoss
from medkd_core.distillation.losses.objective import Objective
from medkd_core.distillation.losses.student_signal import SignalReader
from medkd_core.distillation.signals.signal import Signal


class Learner(nn.Module):
    """A network, what it is corrected by, and which of its normalisations stand still.

    Parameters
    ----------
    network : torch.nn.Module
    objective : Objective
    reader : SignalReader
        Of this network.
    still : sequence of torch.nn.Module
        Stay in evaluation mode: they keep their statistics.
    """

    def __init__(
        self,
        network: nn.Module,
        objective: Objective,
        reader: SignalReader,
        still: Sequence[nn.Module] = (),
    ) -> None:
        super().__init__()
        self.network = network
        self.objective = objective
        self._reader = reader
        self._still = tuple(still)

    def train(self, mode: bool = True) -> Self:
        """Training mode for all but what stands still."""
        super().train(mode)
        for module in self._still:
            module.eval()
        return self

    def forward(
        self, inputs: Tensor, labels: Tensor, teachers: Sequence[Signal], epoch: int
    ) -> HybridLoss:
        """The loss of a batch.

        Parameters
        ----------
        inputs : float32, (batch, 3, size, size)
        labels : int64, (batch,)
        teachers : sequence of Signal
        epoch : int
            Counted from 0.
        """
        maps = self.objective.maps_count(epoch)
        signal = self._reader.read(self.network, inputs, labels, maps=maps)
        return self.objective(signal, labels, teachers, epoch)
