"""Everything that is needed to go on with a run as if it had never stopped.

One safetensors file: the tensors of each module under its name (``network.``, ``objective.``,
``average.``), those of the optimiser under ``optimizer.``, and in the header, as JSON, the
`Progress` and the settings of the optimiser and of the gradient scaler. No pickle. The learning
rate, the order and augmentation of the images and every random number follow from seed, epoch and
step, so they have no state of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from medkd_core.distillation.loop.progress import Progress
from medkd_core.errors import JobError
from medkd_core.jobs.durable import write_durably

Modules = Mapping[str, nn.Module]


def save_checkpoint(
    path: Path,
    modules: Modules,
    optimizer: Optimizer,
    progress: Progress,
    scaler: Mapping[str, Any] | None = None,
) -> None:
    """Write a checkpoint beside the old one, synced and verified, and take its place.

    Parameters
    ----------
    path : Path
    modules : mapping
        Whatever has tensors to keep, by a name without dots.
    optimizer : Optimizer
    progress : Progress
    scaler : mapping, optional
        Plain numbers of the gradient scaler.

    Raises
    ------
    JobError
        The disk refuses; the old checkpoint is still there.
    """
    state = optimizer.state_dict()
    tensors = {
        f"optimizer.{index}.{key}": value
        for index, values in state["state"].items()
        for key, value in values.items()
    }
    for name, module in modules.items():
        tensors |= {f"{name}.{key}": value for key, value in module.state_dict().items()}
    header = {
        "progress": progress.model_dump_json(),
        "optimizer": json.dumps(state["param_groups"]),
        "scaler": json.dumps(dict(scaler or {})),
    }
    # safetensors stores one memory layout, each tensor by itself.
    content = save(
        {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}, header
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


def load_checkpoint(
    path: Path, modules: Modules, optimizer: Optimizer
) -> tuple[Progress, dict[str, Any]]:
    """Put a run back to where `save_checkpoint` found it.

    Returns
    -------
    Progress
    dict
        Of the gradient scaler; empty where there was none.

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
        for name, module in modules.items():
            module.load_state_dict(_under(name, tensors))
        _load_optimizer(optimizer, json.loads(header["optimizer"]), _under("optimizer", tensors))
        scaler: dict[str, Any] = json.loads(header["scaler"])
    except (OSError, SafetensorError, RuntimeError, ValueError, LookupError, TypeError) as error:
        raise JobError(
            "Cannot go on from the checkpoint",
            path=path,
            because="it is damaged or belongs to another network",
            cure="Delete it to train the job from its beginning.",
        ) from error
    return progress, scaler


def _load_optimizer(optimizer: Optimizer, groups: list[Any], tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {
        key.removeprefix(start): tensor for key, tensor in tensors.items() if key.startswith(start)
    }
