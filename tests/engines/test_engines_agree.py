"""Both engines give the same answers for a network of every family."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from medkd_core.engines.onnx_engine import OnnxEngine
from medkd_core.engines.torch_engine import TorchEngine
from medkd_core.errors import EngineError, OperationCancelled

FAMILIES = [
    "ofa_595",
    "visformer_s",
    "vgg19_bn",
    *(
        pytest.param(name, marks=pytest.mark.slow)
        for name in ("ofa_595_s", "densenet201", "autoformer_v2_t", "vgg19")
    ),
]


def agree(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return ours.shape == theirs.shape and np.allclose(
        ours, theirs, rtol=0, atol=1e-4 * float(np.ptp(theirs))
    )


@pytest.fixture
def engines(exported: Callable[[str], Any], request: pytest.FixtureRequest) -> Any:
    made = exported(request.param)
    return OnnxEngine(made.onnx_path, threads=1), TorchEngine(made.network, made.name, 64)


@pytest.mark.parametrize("engines", FAMILIES, indirect=True)
def test_both_engines_give_the_same_answers(engines: Any, scene: Any) -> None:
    onnx, torch = engines
    images = np.random.default_rng(1).standard_normal((19, 3, 64, 64), np.float32)
    for ours, theirs in zip(
        (*onnx.logits_and_features(images), onnx.logits(images), onnx.embeddings(images)),
        (*torch.logits_and_features(images), torch.logits(images), torch.embeddings(images)),
        strict=True,
    ):
        assert agree(ours, theirs)
        assert ours.dtype == theirs.dtype == np.float32
    for arguments in (scene, replace(scene, baseline=images[0])):
        masked = onnx.masked_logits(*arguments)
        assert agree(masked, torch.masked_logits(*arguments))
        assert agree(masked, torch.logits(arguments.masked_images()))


@pytest.mark.parametrize("engines", ["vgg19_bn"], indirect=True)
def test_both_engines_know_their_input_and_say_where_they_compute(engines: Any) -> None:
    for engine, runtime in zip(engines, ("onnxruntime", "torch"), strict=True):
        assert engine.input_shape == (64, 64)
        assert engine.device == f"CPU, 1 thread, {runtime}"


@pytest.mark.parametrize("engines", ["vgg19_bn"], indirect=True)
def test_inputs_in_shared_memory_may_be_read_only(engines: Any) -> None:
    images = np.zeros((1, 3, 64, 64), np.float32)
    images.flags.writeable = False
    for engine in engines:
        assert engine.logits(images).shape == (1, 3)


@pytest.mark.parametrize("engines", ["vgg19_bn"], indirect=True)
def test_chunks_are_counted_to_the_last_mask(engines: Any, scene: Any) -> None:
    for engine in engines:
        finished: list[int] = []
        engine.masked_logits(*scene, chunk_done=finished.append)
        assert finished == sorted(finished)
        assert len(finished) > 1
        assert finished[-1] == len(scene.masks)


@pytest.mark.parametrize("engines", ["vgg19_bn"], indirect=True)
def test_an_exception_between_chunks_ends_the_work(engines: Any, scene: Any) -> None:
    def stop(_finished: int) -> None:
        raise OperationCancelled

    for engine in engines:
        with pytest.raises(OperationCancelled):
            engine.masked_logits(*scene, chunk_done=stop)


@pytest.mark.parametrize("engines", ["vgg19_bn"], indirect=True)
@pytest.mark.parametrize("own_baselines", [True, False])
def test_several_images_share_batches(engines: Any, scene: Any, own_baselines: bool) -> None:
    images = np.stack([scene.image, -scene.image, scene.image[::-1]])
    baseline = scene.baseline * np.arange(3, dtype=np.float32)[:, None, None, None]
    owners = np.random.default_rng(0).integers(3, size=len(scene.masks))
    full = (scene.rows @ scene.masks @ scene.columns.T)[:, None]
    hidden = baseline[owners] if own_baselines else scene.baseline
    for engine in engines:
        found = engine.masked_logits(
            images,
            scene.masks,
            scene.rows,
            scene.columns,
            baseline if own_baselines else scene.baseline,
            owners=owners,
        )
        expected = engine.logits(hidden + (images[owners] - hidden) * full)
        assert agree(found, expected)


@pytest.mark.parametrize("engines", ["vgg19_bn"], indirect=True)
def test_arrays_that_do_not_fit_are_refused_by_name(engines: Any, scene: Any) -> None:
    wrong = {
        "image": scene.image[:, :32],
        "masks": scene.masks[:0],
        "rows": scene.rows[:, :3],
        "columns": scene.columns[:, :4],
        "baseline": scene.baseline[0],
    }
    for engine in engines:
        for name, array in wrong.items():
            with pytest.raises(EngineError, match=f"on {name} of shape"):
                engine.masked_logits(*replace(scene, **{name: array}))
        for inputs in (scene.image, np.zeros((0, 3, 64, 64), np.float32)):
            with pytest.raises(EngineError, match="it takes \\(n, 3, 64, 64\\)"):
                engine.logits(inputs)
