"""A network run by onnxruntime on the CPU; neither torch nor onnx is needed.

The graph is one that `export_onnx` wrote: masking comes first, then the network.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from medkd_core.engines.devices import cpu_label, described, usable_cores
from medkd_core.engines.protocol import ChunkDone, FloatArray
from medkd_core.engines.shapes import as_inputs, as_masking
from medkd_core.errors import EngineError

GRAPH_INPUTS = ("images", "masks", "rows", "columns", "baseline")
GRAPH_OUTPUTS = ("logits", "features", "embeddings")

# Measured: larger chunks take more memory and gain nothing where several run at a time. Threads
# that share a chunk wait for each other after every layer: 8 to 20 % slower than a chunk for each.
_CHUNK = 2
_MOST_AT_ONCE = 4
_PATIENCE = 0.03
"""Seconds."""
_ERRORS_ONLY = 3

Feed = Mapping[str, FloatArray]

_log = logging.getLogger(__name__)


class OnnxEngine:
    """An `Engine` on the CPU.

    Parameters
    ----------
    onnx_path : Path
        Written by `export_onnx`; the safetensors file with its weights lies beside it.
    threads : int, optional
        As many as there are usable physical cores when left out.
    reason : str
        Why it was chosen, told with the device.

    Raises
    ------
    EngineError
        The file or its weights are missing, damaged or foreign.
    """

    def __init__(self, onnx_path: Path, *, threads: int | None = None, reason: str = "") -> None:
        threads = threads or usable_cores()
        self._path = onnx_path
        self._at_once = min(threads, _MOST_AT_ONCE)
        self._session = _session(onnx_path, threads // self._at_once)
        self._device = described("onnxruntime", cpu_label(threads), reason)
        height, width = self._session.get_inputs()[0].shape[2:]
        self._input_shape = (int(height), int(width))

    @property
    def device(self) -> str:
        """``"CPU, 2 threads, onnxruntime (no GPU found)"``."""
        return self._device

    @property
    def input_shape(self) -> tuple[int, int]:
        """Height and width (H, W) of an input."""
        return self._input_shape

    def logits(self, inputs: FloatArray) -> FloatArray:
        """(n, 3, H, W) -> (n, classes)."""
        return self._plain(["logits"], inputs)[0]

    def logits_and_features(self, inputs: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(n, 3, H, W) -> (n, classes) and the target layer's output (n, channels, h, w)."""
        logits, features = self._plain(["logits", "features"], inputs)
        return logits, features

    def embeddings(self, inputs: FloatArray) -> FloatArray:
        """(n, 3, H, W) -> (n, d), what the classifier sees."""
        return self._plain(["embeddings"], inputs)[0]

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

        def feed(part: slice) -> Feed:
            return {
                "images": masking.owned(part, masking.images),
                "masks": masking.masks[part],
                "rows": masking.rows,
                "columns": masking.columns,
                "baseline": masking.owned(part, masking.baselines),
            }

        return self._chunked(["logits"], feed, len(masks), chunk_done)[0]

    def _plain(self, outputs: Sequence[str], inputs: FloatArray) -> list[FloatArray]:
        height, width = self._input_shape
        unmasked = {
            "masks": np.ones((1, 1, 1, 1), np.float32),
            "rows": np.ones((height, 1), np.float32),
            "columns": np.ones((width, 1), np.float32),
            "baseline": np.zeros((1, 3, 1, 1), np.float32),
        }
        batch = as_inputs(inputs, self._input_shape)
        return self._chunked(
            outputs, lambda part: {**unmasked, "images": batch[part]}, len(batch), None
        )

    def _chunked(
        self,
        outputs: Sequence[str],
        feed: Callable[[slice], Feed],
        count: int,
        chunk_done: ChunkDone | None,
    ) -> list[FloatArray]:
        """The outputs for the whole batch, several chunks at a time; small ones of a small one."""
        size = min(_CHUNK, -(-count // self._at_once))
        parts = [slice(start, min(start + size, count)) for start in range(0, count, size)]
        options = onnxruntime.RunOptions()
        with ThreadPoolExecutor(min(self._at_once, len(parts))) as pool:
            answers = [pool.submit(self._answer, outputs, feed, part, options) for part in parts]
            try:
                for part, answer in zip(parts, answers, strict=True):
                    _await(answer, part, chunk_done)
            except BaseException:
                options.terminate = True
                pool.shutdown(cancel_futures=True)
                raise
        found = [answer.result() for answer in answers]
        return [np.concatenate(pieces) for pieces in zip(*found, strict=True)]

    def _answer(
        self,
        outputs: Sequence[str],
        feed: Callable[[slice], Feed],
        part: slice,
        options: onnxruntime.RunOptions,
    ) -> list[FloatArray]:
        """The outputs for one chunk; out of memory, for one half of it after the other."""
        try:
            return list(self._session.run(list(outputs), feed(part), options))
        except Exception as error:  # onnxruntime has no common error class
            if options.terminate:
                raise
            if part.stop - part.start == 1:
                raise self._cannot_run() from error
        _log.warning("onnxruntime gave up: going on with half of a chunk")
        middle = (part.start + part.stop) // 2
        halves = [
            self._answer(outputs, feed, half, options)
            for half in (slice(part.start, middle), slice(middle, part.stop))
        ]
        return [np.concatenate(pieces) for pieces in zip(*halves, strict=True)]

    def _cannot_run(self) -> EngineError:
        return EngineError(
            "Cannot run the network",
            path=self._path,
            because="onnxruntime gave up on a single image, probably for want of memory",
            cure="Close other programs and try again.",
        )


def _await(answer: Future[list[FloatArray]], part: slice, chunk_done: ChunkDone | None) -> None:
    """Wait for a chunk; whoever wants to cancel is asked now and then."""
    while wait([answer], _PATIENCE).not_done:
        if chunk_done is not None:
            chunk_done(part.start)
    answer.result()
    if chunk_done is not None:
        chunk_done(part.stop)


def _session(onnx_path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = _ERRORS_ONLY
    # Threads that wait spinning gain nothing measurable on a quiet machine, and take up to half
    # the speed where a neighbour, the window say, needs a core.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(
            onnx_path, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime has no common error class
        raise EngineError(
            "Cannot open the network",
            path=onnx_path,
            because="it or the weights beside it are missing or damaged",
            cure="Publish or fetch the bundle again.",
        ) from error
    if tuple(value.name for value in session.get_inputs()) != GRAPH_INPUTS:
        raise EngineError(
            "Cannot open the network", path=onnx_path, because="it was not written by MedKD"
        )
    return session
