"""States, durations and networks of runs in the words of the screen."""

from __future__ import annotations

from collections.abc import Iterable

from medkd_core.jobs.spec import JobSpec
from medkd_core.jobs.state import JobState, JobStatus
from medkd_core.networks.registry import NETWORKS
from medkd_viewer.counting import plural


def network_label(name: str) -> str:
    """The network's name as people write it; the registry name where it is unknown."""
    return NETWORKS[name].label if name in NETWORKS else name


def title_of(spec: JobSpec) -> str:
    """What a run is called: its name, else what learns from what."""
    return spec.name or f"{network_label(spec.network.name)} on {spec.data.root.name}"


def purpose_of(spec: JobSpec, teachers: Iterable[str] = ()) -> str:
    """What the run does: ``Distil OFA-595 from DenseNet-201, Visformer-S``.

    Parameters
    ----------
    teachers : iterable of str
        Names of the teachers for the screen.
    """
    learner = network_label(spec.network.name)
    if spec.kind == "distill":
        return f"Distil {learner} from {', '.join(teachers)}"
    if spec.kind == "teacher":
        return f"Train {learner} as a teacher"
    return f"Train {learner} without teachers"


def state_note(state: JobState) -> str:
    """A run's second line in the list: where it stands, or why it stopped."""
    if state.status is JobStatus.INTERRUPTED:
        return resume_note(state)
    if state.status is JobStatus.COMPLETED:
        return f"macro F1, validation · {plural(state.epoch, 'epoch')}"
    if state.status is JobStatus.FAILED:
        return state.message or "it did not say why; the log may"
    if state.status is JobStatus.CANCELLED:
        return f"after {state.epoch} of {plural(state.epochs, 'epoch')}"
    if state.status is JobStatus.QUEUED:
        return plural(state.epochs, "epoch")
    return f"epoch {min(state.epoch + 1, state.epochs)} of {state.epochs}" + time_left(state)


def standing_words(state: JobState) -> str:
    """Where a run stands, after what it does: the end of the line below its title."""
    if state.status is JobStatus.COMPLETED:
        return f"completed after {plural(state.epoch, 'epoch')}"
    if state.status is JobStatus.FAILED:
        return f"failed after {state.epoch} of {plural(state.epochs, 'epoch')}"
    return state_note(state)


def resume_note(state: JobState) -> str:
    """Where a stopped run goes on."""
    if not state.epoch:
        return "can be resumed from its last checkpoint"
    return f"can be resumed at epoch {min(state.epoch + 1, state.epochs)}"


def time_left(state: JobState) -> str:
    """`` · 4 min 10 s left``, or nothing while it is not known."""
    if state.seconds_left is None or state.status is not JobStatus.RUNNING:
        return ""
    return f" · {duration(state.seconds_left)} left"


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units: ``4 min 10 s``, ``2 h 5 min``."""
    whole = max(round(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
