"""The real worker process, asked about drawn films with the embedded demo."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from medkd_core.datasets.phantom import draw_phantom
from medkd_core.imaging.frame import Frame, Photometric
from medkd_core.serving.client import WorkerClient, describe_exit
from medkd_core.serving.messages import (
    DevicesListed,
    Event,
    Explain,
    Explained,
    Failed,
    ListDevices,
    LoadModel,
    ModelLoaded,
    Predict,
    Predicted,
    Progress,
    Refining,
    Stopped,
    WorkerDied,
)
from resources import DEMO_BUNDLE

pytestmark = pytest.mark.skipif(not DEMO_BUNDLE.is_dir(), reason="the demo was not built yet")
PATIENCE_S = 90


class Conversation:
    """A client whose events are waited for one by one."""

    def __init__(self) -> None:
        self._events: queue.Queue[Event] = queue.Queue()
        self.client = WorkerClient(self._events.put)

    def next(self) -> Event:
        return self._events.get(timeout=PATIENCE_S)

    def answer(self) -> Event:
        """The next event that is no step on the way to it."""
        while isinstance(event := self.next(), Progress | Refining):
            pass
        return event


@pytest.fixture
def conversation() -> Iterator[Conversation]:
    talk = Conversation()
    yield talk
    talk.client.close()


def film(side: int = 300) -> Frame:
    drawn = draw_phantom(5, "Non-COVID", side).film[: side - 60]
    stored = np.rint(drawn * 4095).astype(np.uint16)
    return Frame(stored=stored, photometric=Photometric.MONOCHROME2, bits_stored=12)


def load(conversation: Conversation) -> ModelLoaded:
    conversation.client.submit(LoadModel(None, "cpu"))
    loaded = conversation.answer()
    assert isinstance(loaded, ModelLoaded)
    return loaded


def test_the_demo_predicts_and_explains_a_film(conversation: Conversation) -> None:
    loaded = load(conversation)
    assert loaded.manifest.demo
    assert loaded.device.startswith("CPU")

    asked = conversation.client.submit(Predict(film(), "DX", "CHEST"))
    predicted = conversation.answer()
    assert isinstance(predicted, Predicted)
    assert predicted.request == asked
    prediction = predicted.prediction
    assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-5)
    assert [o.network for o in prediction.opinions] == [e.name for e in loaded.manifest.networks]

    conversation.client.submit(Explain(film(), loaded.manifest.student.name))
    first = conversation.next()
    assert isinstance(first, Progress)
    explained = conversation.answer()
    assert isinstance(explained, Explained)
    assert explained.class_index == prediction.decision
    assert explained.overlay.shape == film().stored.shape
    assert explained.exact
    assert explained.forwards <= first.total


def test_a_map_is_shown_early_refined_and_found_again(conversation: Conversation) -> None:
    student = load(conversation).manifest.student.name
    steps: list[Event] = []
    conversation.client.submit(Explain(film(), student, 0))
    while not isinstance(event := conversation.next(), Explained):
        steps.append(event)
    stages = [step.so_far for step in steps if isinstance(step, Refining)]
    assert stages[0].forwards <= 32
    assert not any(stage.exact for stage in stages)
    assert all(stage.error is not None for stage in stages)
    assert event.exact

    asked = conversation.client.submit(Explain(film(), student, 0))
    again = conversation.next()
    assert isinstance(again, Explained)
    assert again.request == asked
    np.testing.assert_array_equal(again.overlay, event.overlay)


def test_a_cancelled_explanation_stops_and_the_next_one_is_answered(
    conversation: Conversation,
) -> None:
    loaded = load(conversation)
    teacher = loaded.manifest.teachers[0].name
    number = conversation.client.submit(Explain(film(), teacher, 0))
    assert isinstance(conversation.next(), Progress)
    conversation.client.cancel(number)
    assert conversation.answer() == Stopped(number)
    conversation.client.submit(ListDevices())
    assert isinstance(conversation.answer(), DevicesListed)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_a_killed_worker_is_reported_and_replaced_with_its_model_open(
    conversation: Conversation,
) -> None:
    loaded = load(conversation)
    teacher = loaded.manifest.teachers[0].name
    number = conversation.client.submit(Explain(film(), teacher, 0))
    assert isinstance(conversation.next(), Progress)
    process_id = conversation.client.process_id
    assert process_id is not None
    os.kill(process_id, signal.SIGKILL)
    died = conversation.answer()
    assert isinstance(died, WorkerDied)
    assert died.requests == (number,)
    assert "killed" in died.message

    conversation.client.submit(Predict(film()))
    assert isinstance(conversation.answer(), ModelLoaded)
    assert isinstance(conversation.answer(), Predicted)


def test_an_unknown_network_fails_in_a_sentence_and_the_worker_goes_on(
    conversation: Conversation,
) -> None:
    load(conversation)
    conversation.client.submit(Explain(film(), "alexnet", 0))
    failed = conversation.answer()
    assert isinstance(failed, Failed)
    assert "alexnet" in failed.message
    conversation.client.submit(Predict(film()))
    assert isinstance(conversation.answer(), Predicted)


def test_asking_without_a_model_says_so(conversation: Conversation) -> None:
    conversation.client.submit(Predict(film()))
    failed = conversation.answer()
    assert isinstance(failed, Failed)
    assert "no model is open" in failed.message


def test_the_client_loads_no_network_library() -> None:
    code = (
        "import sys, medkd_core.serving.client; "
        "print([m for m in ('torch', 'timm', 'onnxruntime', 'PySide6') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (-signal.SIGTERM, "was ended by SIGTERM"),
        (3, "ended by itself with status 3"),
        (None, "stopped answering"),
    ],
)
def test_the_end_of_a_process_has_words(status: int | None, words: str) -> None:
    assert describe_exit(status) == words
