"""What ``medkd profile`` measures; nothing here asserts how fast the machine is."""

from __future__ import annotations

import getpass
import io
import platform
import sys
import threading
import time
from dataclasses import replace
from multiprocessing import active_children

import numpy as np
import pytest
from PIL import Image

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.engines.choice import possible_engines
from medkd_core.errors import BundleError, EngineError, MedKDError, NetworkError
from medkd_core.evaluation.efficiency import profile
from medkd_core.evaluation.efficiency_picture import draw_report, refuse_without_matplotlib
from medkd_core.evaluation.efficiency_process import measure
from medkd_core.evaluation.efficiency_schema import EfficiencyReport, Score
from medkd_core.evaluation.efficiency_subjects import bundle_subjects, published_names
from medkd_core.evaluation.efficiency_timing import Budget, time_engine
from medkd_core.evaluation.machine import machine_facts
from medkd_core.evaluation.memory import ResidentPeak

ONNXRUNTIME, TORCH = ([choice] for choice in possible_engines("cpu"))
QUICK = Budget(single_seconds=0, batch_seconds=0, fewest_runs=3, longest_batch_seconds=0)


class Nothing:
    def grown_bytes(self) -> int | None:
        return None


class Scripted:
    """An engine that takes nobody's time and runs out of memory beyond some batch."""

    device, input_shape = "a script", (4, 4)

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self.asked: list[int] = []

    def logits(self, inputs):
        self.asked.append(len(inputs))
        if len(inputs) > self.largest:
            raise EngineError("Cannot run the network", because="there is too little memory")
        return np.zeros((len(inputs), 3), np.float32)


@pytest.fixture(scope="module")
def report(bundle) -> EfficiencyReport:
    return EfficiencyReport(
        subject="small",
        demo=False,
        test_images=0,
        machine=machine_facts(),
        networks=profile(bundle_subjects(bundle), ONNXRUNTIME, budget=QUICK),
    )


def test_every_network_is_measured_alone_and_in_growing_batches(report):
    for network in report.networks:
        assert [engine.runtime for engine in network.engines] == ["onnxruntime"]
        assert network.file_bytes > 4 * network.parameters
        for engine in network.engines:
            assert engine.failure == ""
            assert 0 < engine.times.latency_ms_median <= engine.times.latency_ms_p95
            assert [rate.batch for rate in engine.times.rates][:3] == [1, 2, 4]
            assert engine.times.best in engine.times.rates


def test_ratios_are_multiples_of_the_student_on_the_same_engine(report):
    student, teacher = report.networks
    assert student.to_student.macs == student.engines[0].to_student.latency == 1
    assert teacher.to_student.parameters == teacher.parameters / student.parameters
    for mine, beside in zip(teacher.engines, student.engines, strict=True):
        expected = mine.times.latency_ms_median / beside.times.latency_ms_median
        assert mine.to_student.latency == expected


def test_torch_is_measured_and_counts_the_figures_that_a_bundle_claims(bundle):
    student = bundle_subjects(bundle)[0]
    claimed = replace(student, macs=student.macs + 1)
    (network,) = profile([claimed], TORCH, budget=QUICK)
    assert network.engines[0].times is not None
    assert (network.recount.parameters, network.recount.macs) == (student.parameters, student.macs)
    assert network.miscounted


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from Linux's /proc")
def test_memory_counts_the_weights(report):
    for network in report.networks:
        for engine in network.engines:
            assert engine.times.single_memory_bytes > 4 * network.parameters


def test_machine_facts_name_neither_machine_nor_user(report):
    told = {str(fact) for fact in report.machine.model_dump().values()}
    assert not told & {platform.node(), getpass.getuser()}
    assert report.machine.packages["onnxruntime"]
    assert report.research_use_only == RESEARCH_USE_ONLY


def test_a_network_that_cannot_be_opened_costs_one_line(bundle, tmp_path):
    student, teacher = bundle_subjects(bundle)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no graph")
    student = replace(student, onnx_path=broken)
    first, second = profile([student, teacher], ONNXRUNTIME, budget=QUICK)
    assert "missing or damaged" in first.engines[0].failure
    assert first.engines[0].times is None
    assert second.engines[0].times is not None
    assert second.engines[0].to_student is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_measurement_costs_one_line(bundle):
    killer = threading.Thread(target=kill_the_measurement)
    killer.start()
    sentence = measure(bundle_subjects(bundle)[0], ONNXRUNTIME[0], QUICK)
    killer.join()
    assert sentence == "The system ended it, probably for want of memory."


def kill_the_measurement():
    while not (children := [c for c in active_children() if c.name == "medkd-profile"]):
        time.sleep(0.001)
    children[0].kill()


def test_batches_grow_until_memory_is_spent():
    engine = Scripted(largest=4)
    times = time_engine(engine, Nothing(), QUICK)
    assert [rate.batch for rate in times.rates] == [1, 2, 4]
    assert times.best.batch in {1, 2, 4}
    assert max(engine.asked) == 8


def test_an_engine_without_memory_for_one_image_says_so():
    with pytest.raises(EngineError, match="too little memory"):
        time_engine(Scripted(largest=0), Nothing(), QUICK)


def test_chosen_teachers_are_measured_beside_the_student(bundle):
    assert [subject.name for subject in bundle_subjects(bundle, ["vgg19_bn"])] == [
        "vgg19",
        "vgg19_bn",
    ]
    assert len(bundle_subjects(bundle, ["vgg19"])) == 1
    with pytest.raises(BundleError, match="resnet"):
        bundle_subjects(bundle, ["resnet"])
    assert published_names(["vgg19"]) == ["ofa_595", "vgg19"]
    with pytest.raises(NetworkError, match="resnet"):
        published_names(["resnet"])


@pytest.mark.parametrize("scores", [(None, None), ((0.9, 0.8, 1.0), (0.7, None, None))])
def test_the_picture_says_what_it_is_for(report, scores):
    networks = [
        network.model_copy(
            update={
                "engines": network.engines * 2,
                "label": "Student $x_1$ of a very long name indeed",
                "score": score
                and Score(macro_f1=score[0], low=score[1], high=score[2], macs_per_point=1.0),
            }
        )
        for network, score in zip(report.networks, scores, strict=True)
    ]
    picture = Image.open(io.BytesIO(draw_report(report.model_copy(update={"networks": networks}))))
    assert picture.size == (1920, 1280)
    assert picture.text["Comment"] == RESEARCH_USE_ONLY


def test_a_report_without_any_times_is_drawn(report):
    silent = [
        network.model_copy(
            update={
                "engines": [
                    engine.model_copy(update={"times": None, "to_student": None})
                    for engine in network.engines
                ]
            }
        )
        for network in report.networks
    ]
    assert draw_report(report.model_copy(update={"networks": silent}))


def test_a_missing_matplotlib_is_told_with_its_cure(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MedKDError, match="pip install matplotlib"):
        refuse_without_matplotlib()


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from Linux's /proc")
def test_memory_that_was_given_back_is_still_in_the_peak():
    memory = ResidentPeak()
    np.ones(2**26, np.uint8).sum()
    # The kernel counts in batches of pages.
    assert memory.grown_bytes() == pytest.approx(2**26, rel=0.1)
