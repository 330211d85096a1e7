"""What networks cost on the machine at hand: size, operations, time and memory, per engine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from medkd_core.engines.choice import EngineChoice
from medkd_core.evaluation.efficiency_process import Measured, measure
from medkd_core.evaluation.efficiency_schema import (
    EngineProfile,
    EngineTimes,
    NetworkProfile,
    Recount,
    SizeRatios,
    TimeRatios,
)
from medkd_core.evaluation.efficiency_subjects import Announce, Subject
from medkd_core.evaluation.efficiency_timing import Budget


def profile(
    subjects: Iterable[Subject],
    choices: Sequence[EngineChoice],
    *,
    budget: Budget | None = None,
    announce: Announce = lambda _: None,
) -> list[NetworkProfile]:
    """Measure every network on every engine, one at a time, each in a process of its own.

    Parameters
    ----------
    subjects : iterable of Subject
        The student first: the others are told as multiples of it.
    choices : sequence of EngineChoice
        See `medkd_core.engines.possible_engines`.
    budget : Budget, optional
        How long to measure.
    announce : callable, optional
        Told the network and the engine before each measurement.

    Returns
    -------
    list of NetworkProfile
        A network that an engine could not run has a sentence in the place of its times.
    """
    profiles: list[NetworkProfile] = []
    for subject in subjects:
        student = profiles[0] if profiles else None
        profiles.append(_profile(subject, choices, student, budget, announce))
    return profiles


def _profile(
    subject: Subject,
    choices: Sequence[EngineChoice],
    student: NetworkProfile | None,
    budget: Budget | None,
    announce: Announce,
) -> NetworkProfile:
    engines: list[EngineProfile] = []
    recount: Recount | None = None
    for index, choice in enumerate(choices):
        announce(f"Measuring {subject.label}: {choice.label}")
        measured = measure(subject, choice, budget)
        beside = student.engines[index] if student else None
        engines.append(_engine_profile(choice, measured, beside))
        if isinstance(measured, Measured):
            recount = measured.recount or recount
    return _assembled(subject, student, engines, recount)


def _engine_profile(
    choice: EngineChoice, measured: Measured | str, student: EngineProfile | None
) -> EngineProfile:
    profiled = EngineProfile(runtime=choice.runtime, device=choice.device, label=choice.label)
    if isinstance(measured, str):
        return profiled.model_copy(update={"failure": measured})
    times = measured.times
    return profiled.model_copy(
        update={
            "times": times,
            "to_student": _time_ratios(times, student.times if student else times),
            "others_busy_cores": measured.others_busy_cores,
        }
    )


def _assembled(
    subject: Subject,
    student: NetworkProfile | None,
    engines: list[EngineProfile],
    recount: Recount | None,
) -> NetworkProfile:
    file_bytes = subject.weights_path.stat().st_size
    return NetworkProfile(
        network=subject.name,
        label=subject.label,
        role=subject.role,
        width=subject.width,
        input_size=subject.image_size,
        parameters=subject.parameters,
        macs=subject.macs,
        file_bytes=file_bytes,
        score=subject.score,
        recount=recount,
        to_student=SizeRatios(
            parameters=subject.parameters / (student or subject).parameters,
            macs=subject.macs / (student or subject).macs,
            file_bytes=file_bytes / (student.file_bytes if student else file_bytes),
        ),
        engines=engines,
    )


def _time_ratios(times: EngineTimes, student: EngineTimes | None) -> TimeRatios | None:
    if student is None:
        return None
    return TimeRatios(
        latency=times.latency_ms_median / student.latency_ms_median,
        images_per_second=times.best.images_per_second / student.best.images_per_second,
        single_memory=_ratio(times.single_memory_bytes, student.single_memory_bytes),
        peak_memory=_ratio(times.best.peak_memory_bytes, student.best.peak_memory_bytes),
    )


def _ratio(memory: int | None, student: int | None) -> float | None:
    return memory / student if memory and student else None
