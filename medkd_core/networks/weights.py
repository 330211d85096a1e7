"""Weights in files: written as safetensors, read from safetensors or from a published pickle.

A pickle is only ever opened with ``weights_only=True``: nothing in it can run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from medkd_core.errors import NetworkError
from medkd_core.networks.access import last_layers
from medkd_core.networks.spellings import in_our_spelling

_DERIVED = ("relative_position_index", "attn_mask")
# Releases that are older than the counter do not have it.
_OPTIONAL = (*_DERIVED, "num_batches_tracked")
_PRECISIONS = {torch.float16, torch.bfloat16, torch.float32, torch.float64}
_WRAPPINGS = ("state_dict", "model", "model_state_dict", "state_dict_ema", "model_ema")
_LISTED = 10


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What loading did beyond copying.

    Attributes
    ----------
    replaced_head : bool
        The file's last layer is for another number of classes; the network keeps its fresh one.
    classes_in_file : int
    spelling : str
        Whose names for the layers the file used, where they are not ours: ``"torchvision's VGG"``.
    """

    replaced_head: bool
    classes_in_file: int
    spelling: str = ""


def save_weights(network: nn.Module, path: Path, origin: str = "") -> None:
    """Write a network's state as safetensors: whole, or not at all; its folder is made if need be.

    Buffers that follow from the architecture (AutoFormerV2's window tables) are left out. Where
    the weights came from is written into the file if it is given.
    """
    tensors = {
        key: value.detach().cpu().contiguous()
        for key, value in network.state_dict().items()
        if not key.endswith(_DERIVED)
    }
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(safetensors.torch.save(tensors, {"origin": origin} if origin else None))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise NetworkError(
            "Cannot write weights to", path=path, because=error.strerror or "the disk refused"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def load_weights(network: nn.Module, path: Path) -> LoadReport:
    """Copy a file's weights into a network.

    Parameters
    ----------
    network : torch.nn.Module
        Made by `create_network`. Its head stays as it is when the file's is for another number of
        classes.
    path : Path
        ``.safetensors``, or a published ``.pth``/``.pt``/``.bin``, its tensors plainly or under
        ``state_dict``, ``model`` or ``model_state_dict``, in any of `SPELLINGS`. Half and double
        precision are converted.

    Raises
    ------
    NetworkError
        The file cannot be read, or anything but the head is missing, unexpected, of another
        shape or not a finite number; nothing was copied then.
    """
    own = network.state_dict()
    tensors, spelling = in_our_spelling(read_tensors(path), own)
    tensors = {
        key: _shaped(value, own.get(key))
        for key, value in tensors.items()
        if key in own or not key.endswith(_DERIVED)
    }
    heads = head_names(network)
    classes = class_count(tensors, heads[0], path)
    replaced = classes != len(own[f"{heads[0]}.weight"])
    fresh = tuple(f"{head}." for head in heads) if replaced else ()
    tensors = {key: value for key, value in tensors.items() if not key.startswith(fresh)}
    _check_keys(own, tensors, fresh, path)
    tensors = {key: _converted(value, own[key], key, path) for key, value in tensors.items()}
    network.load_state_dict(tensors, strict=False)
    return LoadReport(replaced_head=replaced, classes_in_file=classes, spelling=spelling)


def classes_in(path: Path, network: nn.Module) -> int:
    """Classes that a weights file of this kind of network tells apart; its head may differ.

    Raises
    ------
    NetworkError
        The file cannot be read, or has no head of such a network.
    """
    tensors, _ = in_our_spelling(read_tensors(path), network.state_dict())
    return class_count(tensors, head_names(network)[0], path)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Every tensor of a weights file by name, whatever it was wrapped in.

    Raises
    ------
    NetworkError
        There is no such file, or it holds no weights.
    """
    if not path.is_file():
        raise NetworkError("Cannot read weights from", path=path, because="there is no such file")
    try:
        if _is_safetensors(path):
            return _unwrapped(safetensors.torch.load_file(path))
        return _unwrapped(torch.load(path, map_location="cpu", weights_only=True))
    except Exception as error:  # a damaged pickle may fail in any way
        raise NetworkError(
            "Cannot read weights from",
            path=path,
            because="it is damaged, or holds more than weights",
            cure="Fetch or export it again, if possible as safetensors.",
        ) from error


def head_names(network: nn.Module) -> list[str]:
    """Names of the layers that give the logits: ``classifier.linear``, ``head.fc``, ..."""
    named = {module: name for name, module in network.named_modules()}
    return [named[layer] for layer in last_layers(network)]


def class_count(tensors: Mapping[str, Tensor], head: str, path: Path) -> int:
    """Classes that a file's head tells apart."""
    weight = tensors.get(f"{head}.weight")
    if weight is None or weight.ndim < 2:
        raise NetworkError(
            "Cannot use the weights in",
            path=path,
            because=f"they have no {head}.weight and so belong to another network",
        )
    return len(weight)


def _shaped(tensor: Tensor, own: Tensor | None) -> Tensor:
    """A matrix as the kernel of a convolution that computes the same, and the other way round.

    A head may be for another number of classes, so the first axis is not compared.
    """
    if own is None or tensor.ndim == own.ndim or {tensor.ndim, own.ndim} != {2, 4}:
        return tensor
    if tensor[:1].numel() != own[:1].numel():
        return tensor
    return tensor.reshape(len(tensor), *own.shape[1:])


def _converted(tensor: Tensor, own: Tensor, key: str, path: Path) -> Tensor:
    """In the precision of the network's own."""
    reason = ""
    if tensor.is_quantized or tensor.layout != torch.strided or tensor.device.type != "cpu":
        reason = "no plain array of numbers"
    elif own.is_floating_point() and tensor.dtype not in _PRECISIONS:
        reason = f"of the type {str(tensor.dtype).removeprefix('torch.')}, which no weights have"
    elif own.is_floating_point() and not tensor.to(own.dtype).isfinite().all():
        reason = "not finite in single precision"
    if reason:
        raise NetworkError(
            "Cannot use the weights in",
            path=path,
            because=f"{key} is {reason}",
            cure="Export the network again in float32.",
        )
    return tensor.to(own.dtype) if own.is_floating_point() else tensor


def _is_safetensors(path: Path) -> bool:
    """By its content: the length of a header, and the header's brace."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def _unwrapped(content: object) -> dict[str, Tensor]:
    while isinstance(content, dict):
        wrapped = [content[name] for name in _WRAPPINGS if isinstance(content.get(name), dict)]
        if not wrapped:
            break
        content = wrapped[0]
    entries = content.items() if isinstance(content, dict) else ()
    # Beside the tensors there may stand an epoch or a score.
    tensors = {str(key): value for key, value in entries if isinstance(value, Tensor)}
    if not tensors or any(map(_is_inflated, tensors.values())):
        raise ValueError("no state dict, or one that claims more numbers than it holds")
    return {re.sub(r"^(module\.)+", "", key): value for key, value in tensors.items()}


def _is_inflated(tensor: Tensor) -> bool:
    """Whether few numbers stand for many: copying such a tensor could fill the memory."""
    if tensor.layout != torch.strided or tensor.is_quantized:
        return False
    return tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes()


def _check_keys(
    own: Mapping[str, Tensor], found: Mapping[str, Tensor], fresh: tuple[str, ...], path: Path
) -> None:
    def needed(key: str) -> bool:
        return not key.endswith(_OPTIONAL) and not key.startswith(fresh)

    faults = {
        "missing": [key for key in own if key not in found and needed(key)],
        "unexpected": [key for key in found if key not in own],
        "of another shape": [k for k in own if k in found and found[k].shape != own[k].shape],
    }
    if any(faults.values()):
        raise NetworkError(
            "Cannot use the weights in",
            path=path,
            because="they belong to another network or width: "
            + "; ".join(f"{len(v)} {fault} ({_listed(v)})" for fault, v in faults.items() if v),
            cure="Choose the file that belongs to this network.",
        )


def _listed(keys: list[str]) -> str:
    return ", ".join(keys[:_LISTED]) + (", ..." if len(keys) > _LISTED else "")
