"""Which devices there are, and how a choice is told."""

import pytest

from medkd_core.engines import available_devices, resolve_device
from medkd_core.engines.devices import cpu_label, usable_cores
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


def test_a_device_that_does_not_exist_is_refused() -> None:
    with pytest.raises(EngineError, match="'tpu': there is no such device"):
        resolve_device("tpu")
