"""Everything that is needed to go on with a run as if it had never stopped.

One safetensors file: tensors under ``network.``, ``optimizer.`` and ``random.``, and in its header
the `Progress` and the optimiser's settings as JSON. No pickle. The learning rate and the order and
augmentation of the images follow from seed, epoch and step, so they have no state of their own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from medkd_core.errors import JobError
from medkd_core.jobs.durable import write_durably


class Progress(BaseModel):
    """How far a run is."""

    # Infinity is no JSON number.
    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

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


def save_checkpoint(
    path: Path, network: nn.Module, optimizer: Optimizer, progress: Progress
) -> None:
    """Write a checkpoint beside the old one, synced and verified, and take its place.

    Raises
    ------
    JobError
        The disk refuses; the old checkpoint is still there.
    """
    state = optimizer.state_dict()
    tensors = {
        **_named("network", network.state_dict()),
        **{
            f"optimizer.{index}.{key}": value
            for index, values in state["state"].items()
            for key, value in values.items()
        },
        **_random_states(),
    }
    header = {
        "progress": progress.model_dump_json(),
        "optimizer": json.dumps(state["param_groups"]),
    }
    # safetensors stores one memory layout; channels-last tensors have another.
    content = save(
        {key: value.detach().cpu().contiguous() for key, value in tensors.items()}, header
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, content)
    except OSError as error:
        raise JobError(
            "Cannot write the checkpoint",
            path=path,
            because=error.strerror or str(error),
            cure="Free some space and resume the job; the checkpoint before it is still good.",
        ) from error


def load_checkpoint(path: Path, network: nn.Module, optimizer: Optimizer) -> Progress:
    """Put a run back to where `save_checkpoint` found it, random numbers included.

    Raises
    ------
    JobError
        The file is damaged or of another network.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata()
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        progress = Progress.model_validate_json(header["progress"])
        network.load_state_dict(_under("network", tensors))
        _load_optimizer(optimizer, json.loads(header["optimizer"]), _under("optimizer", tensors))
        _restore_random_states(_under("random", tensors))
    except (OSError, SafetensorError, RuntimeError, ValueError, LookupError, TypeError) as error:
        raise JobError(
            "Cannot go on from the checkpoint",
            path=path,
            because="it is damaged or belongs to another network",
            cure="Delete it to train the job from its beginning.",
        ) from error
    return progress


def _load_optimizer(optimizer: Optimizer, groups: list[Any], tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _random_states() -> dict[str, Tensor]:
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    states = {f"random.cuda{index}": state for index, state in enumerate(devices)}
    return {"random.cpu": torch.get_rng_state(), **states}


def _restore_random_states(states: dict[str, Tensor]) -> None:
    torch.set_rng_state(states["cpu"])
    for index in range(torch.cuda.device_count()):
        if f"cuda{index}" in states:
            torch.cuda.set_rng_state(states[f"cuda{index}"], index)


def _named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}.{key}": tensor for key, tensor in tensors.items()}


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {
        key.removeprefix(start): tensor for key, tensor in tensors.items() if key.startswith(start)
    }
