"""What runs a large network is measured once, and remembered."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medkd_core.engines import EngineChoice
from medkd_core.engines.measuring import fastest_on_cpu
from medkd_core.errors import NetworkError

LARGE = 10**9


class Opened:
    """Opens engines that take as long as they are told, and counts how many were opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **seconds: float) -> None:
        self.seconds, self.opened, self.clock = seconds, list[str](), 0.0
        monkeypatch.setattr("time.perf_counter", lambda: self.clock)

    def __call__(self, choice: EngineChoice) -> Any:
        self.opened.append(choice.runtime)
        return Engine(self, self.seconds[choice.runtime])


class Engine:
    input_shape = (8, 8)

    def __init__(self, clocks: Opened, seconds: float) -> None:
        self.clocks, self.seconds = clocks, seconds

    def masked_logits(self, *arguments: Any) -> Any:
        self.clocks.clock += self.seconds
        return np.zeros((len(arguments[1]), 3), np.float32)


@pytest.mark.parametrize(
    ("onnxruntime", "torch", "winner", "reason"),
    [
        (1.0, 2.0, "onnxruntime", "2.0 x as fast as torch here"),
        (3.0, 1.5, "torch", "2.0 x as fast as onnxruntime here"),
        (1.1, 1.0, "onnxruntime", "as fast as any other here"),
    ],
)
def test_torch_is_taken_where_it_is_clearly_faster_and_the_ratio_is_told(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    onnxruntime: float,
    torch: float,
    winner: str,
    reason: str,
) -> None:
    opened = Opened(monkeypatch, onnxruntime=onnxruntime, torch=torch)
    choice = fastest_on_cpu("vgg19", LARGE, opened, tmp_path / "engines.json")
    assert choice == EngineChoice(winner, "cpu")
    assert choice.reason == reason


def test_a_measurement_is_remembered_for_this_network_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened = Opened(monkeypatch, onnxruntime=2.0, torch=1.0)
    memory = tmp_path / "cache" / "engines.json"
    first = fastest_on_cpu("vgg19", LARGE, opened, memory)
    again = fastest_on_cpu("vgg19", LARGE, opened, memory)
    assert (first, first.reason) == (again, again.reason)
    assert opened.opened == ["onnxruntime", "torch"]
    fastest_on_cpu("densenet201", LARGE, opened, memory)
    assert len(opened.opened) == 4
    assert len(json.loads(memory.read_text())) == 2


@pytest.mark.parametrize("content", ["{", "[]", "\xff", '{"vgg19": 1}'])
def test_a_damaged_memory_costs_a_measurement_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str
) -> None:
    memory = tmp_path / "engines.json"
    memory.write_text(content, encoding="latin-1")
    opened = Opened(monkeypatch, onnxruntime=2.0, torch=1.0)
    assert fastest_on_cpu("vgg19", LARGE, opened, memory).runtime == "torch"
    fastest_on_cpu("vgg19", LARGE, opened, memory)
    assert len(opened.opened) == 2


def test_a_memory_that_cannot_be_written_costs_a_measurement_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    opened = Opened(monkeypatch, onnxruntime=2.0, torch=1.0)
    choice = fastest_on_cpu("vgg19", LARGE, opened, tmp_path / "file" / "engines.json")
    assert choice.runtime == "torch"


def test_a_slow_network_is_measured_no_longer_than_it_must(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened = Opened(monkeypatch, onnxruntime=5.0, torch=0.1)
    fastest_on_cpu("vgg19", LARGE, opened, tmp_path / "engines.json")
    assert opened.clock == pytest.approx(2 * 5.0 + 4 * 0.1)


def test_small_networks_are_not_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened = Opened(monkeypatch)
    choice = fastest_on_cpu("ofa_595", LARGE - 1, opened, tmp_path / "engines.json")
    assert choice.runtime == "onnxruntime"
    assert not opened.opened
    assert not list(tmp_path.iterdir())


def test_nothing_is_measured_where_torch_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("medkd_core.engines.choice.has_torch", lambda: False)
    opened = Opened(monkeypatch)
    assert fastest_on_cpu("vgg19", LARGE, opened, tmp_path / "m.json").runtime == "onnxruntime"
    assert not opened.opened


def test_a_runtime_that_cannot_be_opened_is_not_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened = Opened(monkeypatch, onnxruntime=2.0)

    def open_one(choice: EngineChoice) -> Any:
        if choice.runtime == "torch":
            raise NetworkError("Cannot make the network", because="timm is too old")
        return opened(choice)

    choice = fastest_on_cpu("vgg19", LARGE, open_one, tmp_path / "engines.json")
    assert choice.runtime == "onnxruntime"
    assert not list(tmp_path.iterdir())
