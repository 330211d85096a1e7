"""The figures beside a run's curves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from medkd_core.jobs.spec import JobSpec
from medkd_core.jobs.state import JobStatus
from medkd_viewer.training.comparison import ComparedRun
from medkd_viewer.training.facts_card import Facts
from medkd_viewer.training.run_history import RunHistory
from medkd_viewer.training.runs import Run
from medkd_viewer.training.words import duration, network_label, resume_note

UNKNOWN = "–"


def present_facts(run: Run, history: RunHistory, now: datetime) -> Facts:
    """What is happening in a run, or how it ended.

    Parameters
    ----------
    now : datetime
        With a time zone; ages are told against it.
    """
    step, epoch, checkpoint = history.step, history.last_epoch, history.checkpoint
    facts = [("State", run.state_word)]
    if run.status is JobStatus.RUNNING:
        facts.append(("Step", f"{step.step} of {step.steps}" if step else UNKNOWN))
    facts += [
        ("Images per second", f"{step.images_per_second:.0f}" if step else UNKNOWN),
        ("Device", history.settings.get("device", UNKNOWN)),
        ("Learning rate", f"{epoch.learning_rate:.2g}" if epoch else UNKNOWN),
    ]
    if step:
        facts.append(_loss_parts(step.losses))
    saved = datetime.fromtimestamp(checkpoint.time, UTC) if checkpoint else None
    facts.append(("Last checkpoint", _age((now - saved).total_seconds()) if saved else UNKNOWN))
    return facts


def result_facts(result: ComparedRun) -> Facts:
    """How a completed run ended, on test films."""
    parameters = f"{result.parameters:,}" if result.parameters is not None else UNKNOWN
    return [
        *metric_facts(result),
        ("Best epoch", f"{result.result.best_epoch} of {result.epochs}"),
        ("Parameters", parameters),
        ("Time", duration(result.seconds)),
    ]


def metric_facts(result: ComparedRun) -> Facts:
    """The metrics of the test split, each with its 95 % interval."""
    metrics = {
        "Macro F1": "macro_f1",
        "Balanced accuracy": "balanced_accuracy",
        "Accuracy": "accuracy",
    }
    return [(name, _figure(result, metric)) for name, metric in metrics.items()]


def _figure(result: ComparedRun, metric: str) -> str:
    value, interval = result.metric(metric), result.interval(metric)
    if value is None:
        return "not measured"
    return f"{value:.3f}" + (f" ({interval[0]:.2f} – {interval[1]:.2f})" if interval else "")


def plan_facts(spec: JobSpec, history: RunHistory | None) -> Facts:
    """What was asked for, and how many images were found for it."""
    network, training = spec.network, spec.training
    size = f"{network.image_size} px" if network.image_size else "its own"
    facts = [
        ("Data", spec.data.root.name),
        ("Images: train · val · test", _images(history.settings) if history else UNKNOWN),
        ("Network", network_label(network.name)),
        ("Width, image size", f"{network.width:g}, {size}"),
        ("Batch, learning rate", f"{training.batch_size}, {training.learning_rate:g}"),
        ("Seed", str(spec.seed)),
    ]
    if spec.kind == "distill":
        soft = spec.distillation
        facts.append(("Temperature, soft weight", f"{soft.temperature:g}, {soft.soft_weight:g}"))
    return facts


def _images(settings: Mapping[str, str]) -> str:
    counts = [settings.get(f"{split} images") for split in ("training", "validation", "test")]
    return " · ".join(count for count in counts if count) or UNKNOWN


def _loss_parts(losses: dict[str, float]) -> tuple[str, str]:
    parts = [(word, losses[key]) for key, word in _PARTS.items() if key in losses]
    if not parts:
        return "Loss", f"{losses.get('total', float('nan')):.2f}"
    names, values = zip(*parts, strict=True)
    return f"Loss: {' · '.join(names)}", " · ".join(f"{value:.2f}" for value in values)


_PARTS = {"hard": "labels", "soft": "teachers"}


def _age(seconds: float) -> str:
    return f"{duration(seconds)} ago" if seconds < 86_400 else f"{seconds // 86_400:.0f} d ago"


def standing(run: Run, outlook: str, history: RunHistory | None) -> tuple[str, str]:
    """What must be said of a run above its curves, and in which tone; mostly nothing.

    Parameters
    ----------
    outlook : str
        What a waiting run waits for.
    """
    if run.job is None or run.state is None:
        return f"✕ {run.problem}", "failure"
    if history and history.problem:
        return f"✕ {history.problem}", "failure"
    if run.status is JobStatus.FAILED:
        return f"✕ {run.state.message or 'It failed and did not say why; see the log.'}", "failure"
    if run.status in (JobStatus.INTERRUPTED, JobStatus.PAUSED):
        return f"! {run.state.message or resume_note(run.state)}", "caution"
    return outlook, "caution"
