"""A network run by torch: on CUDA, and on the CPU where there is no ONNX graph."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from medkd_core.engines.devices import cpu_label, described, resolve_device
from medkd_core.engines.protocol import ChunkDone, FloatArray
from medkd_core.engines.shapes import as_inputs, as_masking
from medkd_core.errors import EngineError
from medkd_core.networks.target_layers import with_target_layer

CHUNK = 32
_CHUNKS_TO_PAY = 4
_LOGIT_TOLERANCE = 0.01

_log = logging.getLogger(__name__)


class TorchEngine:
    """An `Engine` on any device of torch.

    Plain answers are float32 always. Masked passes are bfloat16 where `reduced` allows it and a
    first chunk of masks gets the same weights in both precisions to within 1 %; a map that is
    their weighted sum then differs by no more than that share of its peak.

    Parameters
    ----------
    network : torch.nn.Module
        Made by `create_network`. It is moved to the device and put in evaluation mode.
    name : str
        Its registry name.
    image_size : int
        Side of its square input in pixels.
    device : str
        ``cpu``, ``cuda`` or ``cuda:n``; ``auto`` takes a GPU if there is one.
    target_layer : str, optional
        The registry's when left out.
    reduced : bool, optional
        Whether masked passes may be bfloat16; on CUDA, where the card can, when left out.
    chunk : int
        Images that it computes at a time; work can be cancelled between them.
    reason : str
        Why it was chosen, told with the device.
    """

    def __init__(
        self,
        network: nn.Module,
        name: str,
        image_size: int,
        device: str = "cpu",
        target_layer: str | None = None,
        *,
        reduced: bool | None = None,
        chunk: int = CHUNK,
        reason: str = "",
    ) -> None:
        key, label = resolve_device(device)
        self._place = torch.device(key)
        on_gpu = self._place.type == "cuda"
        where = label if on_gpu else cpu_label(torch.get_num_threads())
        self._device = described("torch", where, reason)
        self._input_shape = (image_size, image_size)
        explained = with_target_layer(network, name, image_size, target_layer)
        try:
            explained = explained.to(self._place).eval()
            if on_gpu:
                # It copies the weights anyway; here they may lie as its convolutions want them.
                explained = explained.to(memory_format=torch.channels_last)
        except RuntimeError as error:
            raise self._cannot_run(error) from error
        self._explained = explained
        self._reduced = reduced
        if reduced is None:
            self._reduced = on_gpu and _has_bfloat16(self._place)
        self._chunk = chunk

    @property
    def device(self) -> str:
        """``"NVIDIA H100 (cuda:0), torch (a GPU was found)"``."""
        return self._device

    @property
    def input_shape(self) -> tuple[int, int]:
        """Height and width (H, W) of an input."""
        return self._input_shape

    def logits(self, inputs: FloatArray) -> FloatArray:
        """(n, 3, H, W) -> (n, classes)."""
        return self._plain(inputs, 1)[0]

    def logits_and_features(self, inputs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(n, 3, H, W) -> (n, classes) and the target layer's output (n, channels, h, w)."""
        logits, features = self._plain(inputs, 2)
        return logits, features

    def embeddings(self, inputs: FloatArray) -> FloatArray:
        """(n, 3, H, W) -> (n, d), what the classifier sees."""
        return self._plain(inputs, 3)[2]

    def masked_logits(
        self,
        image: FloatArray,
        masks: FloatArray,
        rows: FloatArray,
        columns: FloatArray,
        baseline: FloatArray,
        chunk_done: ChunkDone | None = None,
        owners: NDArray[np.intp] | None = None,
    ) -> FloatArray:
        """Logits of the image seen through each mask; see `Engine.masked_logits`."""
        masking = as_masking(image, masks, rows, columns, baseline, owners, self._input_shape)
        hidden, down, across = (
            self._placed(array) for array in (masking.baselines, masking.rows, masking.columns.T)
        )
        contrast = self._placed(masking.images) - hidden

        def masked(part: slice) -> Tensor:
            mask = down @ torch.from_numpy(masking.masks[part]).to(self._place) @ across
            return masking.owned(part, hidden) + masking.owned(part, contrast) * mask

        # One chunk is computed twice to see; with few chunks that would cost more than it saves.
        precision = torch.float32
        if self._reduced and len(masks) >= _CHUNKS_TO_PAY * self._chunk:
            precision = self._masked_precision(masked)
        return self._chunked(masked, len(masks), 1, chunk_done, precision)[0]

    def _masked_precision(self, masked: Callable[[slice], Tensor]) -> torch.dtype:
        """bfloat16 if it gives masks the same weights as float32 does, to within 1 %."""
        exact, reduced = (
            self._chunked(masked, self._chunk, 1, None, precision)[0]
            for precision in (torch.float32, torch.bfloat16)
        )
        # The weights are a softmax over masks: what all logits have in common cancels.
        disagreement = float(np.ptp(reduced - exact, axis=0).max())
        return torch.bfloat16 if disagreement <= _LOGIT_TOLERANCE else torch.float32

    def _plain(self, inputs: FloatArray, wanted: int) -> list[FloatArray]:
        batch = as_inputs(inputs, self._input_shape)
        return self._chunked(
            lambda part: torch.from_numpy(batch[part]).to(self._place),
            len(batch),
            wanted,
            None,
            torch.float32,
        )

    def _chunked(
        self,
        prepared: Callable[[slice], Tensor],
        count: int,
        wanted: int,
        chunk_done: ChunkDone | None,
        precision: torch.dtype,
    ) -> list[FloatArray]:
        """The first `wanted` outputs for the whole batch; out of memory, chunks are halved."""
        parts: list[list[FloatArray]] = []
        done = 0
        while done < count:
            chunk = slice(done, min(done + self._chunk, count))
            try:
                parts.append(self._run(prepared, chunk, wanted, precision))
            except RuntimeError as error:
                self._halve_chunk(error)
                continue
            done = chunk.stop
            if chunk_done is not None:
                chunk_done(done)
        return [np.concatenate(pieces) for pieces in zip(*parts, strict=True)]

    def _run(
        self,
        prepared: Callable[[slice], Tensor],
        chunk: slice,
        wanted: int,
        precision: torch.dtype,
    ) -> list[FloatArray]:
        autocast = torch.autocast(
            self._place.type, torch.bfloat16, enabled=precision == torch.bfloat16
        )
        with torch.inference_mode(), _full_precision(self._place):
            # Convolutions follow their input's layout; the caller's weights keep theirs.
            images = prepared(chunk).contiguous(memory_format=torch.channels_last)
            with autocast:
                outputs = self._answers(images, wanted)
            return [output.float().cpu().contiguous().numpy() for output in outputs]

    def _answers(self, images: Tensor, wanted: int) -> tuple[Tensor, ...]:
        if wanted == 1:
            # Nobody listens to its layers.
            return (self._explained.network(images),)
        return tuple(self._explained(images)[:wanted])

    def _placed(self, array: FloatArray) -> Tensor:
        try:
            return torch.from_numpy(array).to(self._place)
        except RuntimeError as error:
            raise self._cannot_run(error) from error

    def _halve_chunk(self, error: RuntimeError) -> None:
        """Go on with less memory; an error that has nothing to do with it ends the work."""
        if self._chunk == 1 or not _is_want_of_memory(error):
            raise self._cannot_run(error) from error
        self._chunk //= 2
        _log.warning("Out of memory on %s: going on with chunks of %d", self._device, self._chunk)
        if self._place.type == "cuda":
            torch.cuda.empty_cache()

    def _cannot_run(self, error: RuntimeError) -> EngineError:
        if _is_want_of_memory(error):
            return EngineError(
                "Cannot run the network",
                because=f"{self._device} has too little free memory for a single image",
                cure="Close other programs that use it, or choose the CPU.",
            )
        return EngineError(
            "Cannot run the network",
            because=f"torch gave up on {self._device}",
            cure="Start again, or choose the CPU.",
        )


def _has_bfloat16(gpu: torch.device) -> bool:
    """Whether the card itself computes in it: NVIDIA's from compute capability 8 on."""
    return torch.version.hip is not None or torch.cuda.get_device_capability(gpu)[0] >= 8


def _is_want_of_memory(error: RuntimeError) -> bool:
    # cuDNN and cuBLAS say it in their own words, the CPU's allocator in others.
    said = str(error).lower()
    return isinstance(error, torch.OutOfMemoryError) or "alloc" in said or "out of memory" in said


@contextmanager
def _full_precision(place: torch.device) -> Iterator[None]:
    """Convolutions in float32 and always the same way, so that a film keeps its map."""
    if place.type != "cuda":
        yield
        return
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        yield
