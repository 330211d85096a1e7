"""Measure one network on one engine in a process of its own.

So memory is counted from a clean start, the threads of torch and onnxruntime do not disturb each
other, and a network that takes the machine's memory costs one line instead of the command.
"""

from __future__ import annotations

import importlib
import logging
import multiprocessing
import os
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection

from medkd_core.engines.choice import EngineChoice
from medkd_core.errors import MedKDError
from medkd_core.evaluation.contention import OtherPrograms
from medkd_core.evaluation.efficiency_schema import EngineTimes, Recount
from medkd_core.evaluation.efficiency_subjects import Subject
from medkd_core.evaluation.efficiency_timing import Budget, time_engine
from medkd_core.evaluation.memory import peak_memory


@dataclass(frozen=True, slots=True)
class Measured:
    """What a child found.

    Attributes
    ----------
    times : EngineTimes
    others_busy_cores : float or None
        What other programs used meanwhile.
    recount : Recount or None
        Torch's own count of the network, where torch ran it.
    """

    times: EngineTimes
    others_busy_cores: float | None
    recount: Recount | None


# Imported before memory is watched: what a library takes is no network's cost.
_LIBRARIES = {
    "onnxruntime": ("medkd_core.engines.onnx_engine",),
    "torch": ("medkd_core.engines.torch_engine", "medkd_core.networks.weights", "timm"),
}


def measure(subject: Subject, choice: EngineChoice, budget: Budget | None = None) -> Measured | str:
    """Measure a network on an engine.

    Returns
    -------
    Measured or str
        A sentence where it could not be measured.
    """
    context = multiprocessing.get_context("spawn")
    answers, answer = context.Pipe(duplex=False)
    process = context.Process(
        target=_answer, args=(subject, choice, budget, answer), name="medkd-profile", daemon=True
    )
    try:
        with _interrupts_kept_from_children():
            process.start()
        answer.close()
        return _received(answers) or _last_word(process)
    finally:
        if process.pid is not None:
            process.kill()
            process.join()
        process.close()
        answers.close()


def _received(answers: Connection) -> Measured | str | None:
    try:
        received: Measured | str = answers.recv()
    except (EOFError, OSError):
        return None
    return received


def _last_word(process: multiprocessing.process.BaseProcess) -> str:
    process.join()
    if process.exitcode == -getattr(signal, "SIGKILL", 9):
        return "The system ended it, probably for want of memory."
    return f"Its process ended without an answer (exit status {process.exitcode})."


@contextmanager
def _interrupts_kept_from_children() -> Iterator[None]:
    """Ctrl-C reaches every process of a terminal; ours alone says so, and ends the others.

    A child inherits that the signal is blocked; ours gets it when the block is lifted.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # The first child starts multiprocessing's tracker, which would lift the block.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _answer(subject: Subject, choice: EngineChoice, budget: Budget | None, out: Connection) -> None:
    logging.disable()
    warnings.simplefilter("ignore")
    try:
        out.send(_measured(subject, choice, budget))
    except MedKDError as error:
        out.send(str(error))
    except Exception as error:  # whatever it is, it is this network's line and not the command's
        out.send(f"It failed ({type(error).__name__}: {error}).")


def _measured(subject: Subject, choice: EngineChoice, budget: Budget | None) -> Measured:
    # Threads that spin while they wait for a core that another program has are slower by far.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for library in _LIBRARIES[choice.runtime]:
        importlib.import_module(library)
    memory, others = peak_memory(choice.device), OtherPrograms()
    times = time_engine(subject.engine(choice), memory, budget)
    busy = others.busy_cores()
    return Measured(times, busy, _recounted(subject) if choice.runtime == "torch" else None)


def _recounted(subject: Subject) -> Recount:
    from medkd_core.networks.complexity import count_macs, count_parameters
    from medkd_core.networks.creation import create_network

    network = create_network(subject.name, subject.classes, subject.width, subject.image_size)
    return Recount(
        parameters=count_parameters(network), macs=count_macs(network, subject.image_size)
    )
