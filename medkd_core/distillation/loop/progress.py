"""How far a run is: the whole memory of the loop besides tensors."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Progress(BaseModel):
    """How far a run is."""

    # Infinity is no JSON number.
    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    films: str = ""
    """Digest of the training images and their labels."""
    epoch: int = 0
    """Finished epochs."""
    step: int = 0
    """Finished steps of the next epoch."""
    loss_sum: float = 0.0
    """Of those steps."""
    best_epoch: int = 0
    """Epoch of the best checkpoint, counted from 1; 0 before the first validation."""
    best_macro_f1: float = -1.0
    best_loss: float = float("inf")

    def after_step(self, loss: float) -> Progress:
        """One step further."""
        return self.model_copy(update={"step": self.step + 1, "loss_sum": self.loss_sum + loss})

    def after_epoch(self, macro_f1: float, loss: float) -> Progress:
        """One epoch further, with its validation; of equal macro F1 the lower loss is better."""
        changes: dict[str, float] = {"epoch": self.epoch + 1, "step": 0, "loss_sum": 0.0}
        if (macro_f1, -loss) > (self.best_macro_f1, -self.best_loss):
            changes |= {"best_epoch": self.epoch + 1, "best_macro_f1": macro_f1, "best_loss": loss}
        return self.model_copy(update=changes)

    def is_over(self, epochs: int, patience: int | None) -> bool:
        """Whether all epochs are done, or the last `patience` of them were no better."""
        waited = self.epoch - self.best_epoch
        return self.epoch >= epochs or (patience is not None and waited >= patience)
