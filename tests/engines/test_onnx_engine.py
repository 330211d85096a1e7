"""Graphs that are damaged, foreign or alone; and what opening one does not import."""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from medkd_core.engines.onnx_engine import OnnxEngine
from medkd_core.errors import EngineError, OperationCancelled


@pytest.fixture
def copied(small: Any, tmp_path: Path) -> tuple[Path, Path]:
    """Graph and weights of a small network, to be spoilt."""
    shutil.copy(small.onnx_path, tmp_path)
    shutil.copy(small.weights_path, tmp_path)
    return tmp_path / small.onnx_path.name, tmp_path / small.weights_path.name


def test_a_graph_without_its_weights_is_refused(copied: tuple[Path, Path]) -> None:
    copied[1].unlink()
    with pytest.raises(EngineError, match="weights beside it are missing or damaged"):
        OnnxEngine(copied[0])


@pytest.mark.parametrize("which", [0, 1], ids=["graph", "weights"])
def test_a_truncated_file_is_refused(copied: tuple[Path, Path], which: int) -> None:
    content = copied[which].read_bytes()
    copied[which].write_bytes(content[: len(content) // 2])
    with pytest.raises(EngineError, match="missing or damaged"):
        OnnxEngine(copied[0])


def test_a_missing_graph_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"none\.onnx: it or the weights"):
        OnnxEngine(tmp_path / "none.onnx")


def test_a_foreign_graph_is_refused(tmp_path: Path) -> None:
    tensors = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1]) for n in ("x", "y")]
    graph = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["y"])], "foreign", tensors[:1], tensors[1:]
    )
    opset = [helper.make_opsetid("", 20)]
    onnx.save(
        helper.make_model(graph, opset_imports=opset, ir_version=10), tmp_path / "foreign.onnx"
    )
    with pytest.raises(EngineError, match="not written by MedKD"):
        OnnxEngine(tmp_path / "foreign.onnx")


def test_running_a_graph_imports_neither_torch_nor_onnx(small: Any) -> None:
    program = f"""
import sys
import time
import numpy as np
from medkd_core.engines import open_engine
from pathlib import Path
engine = open_engine(
    Path({str(small.onnx_path)!r}), Path({str(small.weights_path)!r}),
    name={small.name!r}, width=0.125, classes=3, image_size=64, device="cpu",
)
engine.logits(np.zeros((1, 3, 64, 64), np.float32))
print([name for name in ("torch", "timm", "onnx", "onnxscript") if name in sys.modules])
"""
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert printed.stdout.strip() == b"[]", printed.stderr


class Tight:
    """A session that has memory for a few masked images at a time."""

    def __init__(self, session: Any, room: int) -> None:
        self.session, self.room = session, room
        self.batches: list[int] = []

    def run(self, outputs: list[str], feed: dict[str, Any], options: Any) -> Any:
        self.batches.append(len(feed["masks"]))
        if len(feed["masks"]) > self.room:
            raise MemoryError
        return self.session.run(outputs, feed, options)


def test_chunks_are_halved_when_memory_runs_out_and_nothing_is_lost(
    small: Any, scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = OnnxEngine(small.onnx_path, threads=1)
    expected = engine.masked_logits(*scene)
    tight = Tight(engine._session, 1)
    monkeypatch.setattr(engine, "_session", tight)
    assert np.allclose(engine.masked_logits(*scene), expected, atol=1e-5)
    assert tight.batches == [2, 1, 1] * 17 + [1]


def test_no_memory_for_one_image_is_an_error_with_a_cure(
    small: Any, scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = OnnxEngine(small.onnx_path)
    monkeypatch.setattr(engine, "_session", Tight(engine._session, 0))
    with pytest.raises(EngineError, match=r"single image.*Close other programs"):
        engine.masked_logits(*scene)


@pytest.mark.parametrize("threads", [1, 3])
def test_chunks_that_run_side_by_side_keep_their_order(
    small: Any, scene: Any, threads: int
) -> None:
    engine = OnnxEngine(small.onnx_path, threads=threads)
    expected = np.concatenate([engine.logits(one[None]) for one in scene.masked_images()])
    finished: list[int] = []
    found = engine.masked_logits(*scene, chunk_done=finished.append)
    assert np.allclose(found, expected, atol=1e-5)
    assert finished == sorted(finished)
    assert finished[-1] == len(scene.masks)


class Endless:
    """A session that goes on until it is told to stop."""

    def __init__(self) -> None:
        self.ended = 0

    def run(self, outputs: list[str], feed: dict[str, Any], options: Any) -> Any:
        while not options.terminate:
            time.sleep(0.001)
        self.ended += 1
        raise RuntimeError("terminated")


def test_work_is_cancelled_in_the_middle_of_a_chunk(
    small: Any, scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, endless = OnnxEngine(small.onnx_path, threads=2), Endless()
    monkeypatch.setattr(engine, "_session", endless)

    def stop(_finished: int) -> None:
        raise OperationCancelled

    with pytest.raises(OperationCancelled):
        engine.masked_logits(*scene, chunk_done=stop)
    assert endless.ended == 2
