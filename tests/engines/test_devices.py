"""Which devices there are, and how a choice is told."""

import pytest

from medkd_core.engines import available_devices, possible_engines, resolve_device
from medkd_core.engines.devices import cpu_label, has_kernels, usable_cores
from medkd_core.errors import EngineError


def test_the_cpu_is_always_there_with_its_threads() -> None:
    assert available_devices()[0] == ("cpu", cpu_label(usable_cores()))
    assert cpu_label(1) == "CPU, 1 thread"
    assert cpu_label(2) == "CPU, 2 threads"


def test_an_automatic_choice_gives_a_device_that_is_listed() -> None:
    keys = [key for key, _ in available_devices()]
    assert resolve_device("auto")[0] in keys


@pytest.mark.skipif(len(available_devices()) > 1, reason="this machine has a GPU")
def test_without_a_gpu_the_reason_is_told() -> None:
    key, label = resolve_device("auto")
    assert key == "cpu"
    assert label == f"{cpu_label()} (no GPU found)"
    with pytest.raises(EngineError, match=r"'cuda': no GPU found\. Choose one of: auto, cpu\."):
        resolve_device("cuda")


def test_every_way_to_run_a_network_on_the_cpu_is_listed_onnxruntime_first() -> None:
    ways = possible_engines("cpu")
    assert [(way.runtime, way.device) for way in ways] == [("onnxruntime", "cpu"), ("torch", "cpu")]
    assert ways[0].label == f"onnxruntime, {cpu_label()}"
    assert possible_engines("auto")[:2] == ways


@pytest.mark.parametrize("name", ["cuda:99", "cuda:-1", "CUDA", "gpu", "mps", ""])
def test_names_that_are_no_device_here_are_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(EngineError, match=r"Choose one of: auto, cpu"):
        resolve_device(name)


def test_a_device_that_does_not_exist_is_refused() -> None:
    with pytest.raises(EngineError, match="'tpu': there is no such device"):
        resolve_device("tpu")


@pytest.mark.parametrize(
    ("capability", "built_for", "runs"),
    [
        ((8, 6), ["sm_75", "sm_80"], True),
        ((8, 0), ["sm_75", "sm_86"], False),
        ((9, 0), ["sm_80"], False),
        ((12, 1), ["sm_80", "compute_90"], True),
        ((3, 7), ["sm_75", "sm_120", "compute_120"], False),
        ((9, 0), ["sm_90a"], True),
        ((9, 0), [], False),
    ],
)
def test_a_gpu_is_offered_only_where_torch_was_built_for_it(
    capability: tuple[int, int], built_for: list[str], runs: bool
) -> None:
    assert has_kernels(capability, built_for) == runs
