"""What the loop says of itself, in events and, when it must end, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medkd_core.distillation.loop.meter import Meter
from medkd_core.distillation.loop.progress import Progress
from medkd_core.distillation.validation import Validation
from medkd_core.errors import JobError
from medkd_core.jobs.events import EpochDone, StepDone

_WORDS = {
    "total": "the whole loss",
    "hard": "the loss against the labels",
    "soft": "the loss against the teachers' answers",
    "features": "the loss against the teachers' features",
    "maps": "the loss against the teachers' maps",
    "gradient": "the gradient",
    "validation": "the loss on the validation images",
}


def steps_done(progress: Progress, steps: int, meter: Meter) -> StepDone:
    """The steps of a meter, the last one of which led to `progress`."""
    return StepDone(
        epoch=progress.epoch + 1,
        step=progress.step,
        steps=steps,
        losses=meter.mean_losses(),
        images_per_second=meter.images / meter.seconds,
    )


def epoch_done(
    progress: Progress, validation: Validation, learning_rate: float, seconds: float
) -> EpochDone:
    """An epoch whose last step led to `progress`, and how the network did then."""
    return EpochDone(
        epoch=progress.epoch + 1,
        train_loss=progress.loss_sum / progress.step,
        validation_loss=validation.loss,
        macro_f1=validation.macro_f1,
        balanced_accuracy=validation.balanced_accuracy,
        accuracy=validation.accuracy,
        confusion=validation.confusion,
        learning_rate=learning_rate,
        seconds=seconds,
    )


def diverged(wrong: Sequence[str], progress: Progress, learning_rate: float) -> JobError:
    """What to say of losses that are no numbers.

    Parameters
    ----------
    wrong : sequence of str
        Names of losses, ``gradient`` or ``validation``.
    progress : Progress
        Before the step.
    learning_rate : float
        Of the step.
    """
    # The whole is no number because a part is none: the part is the cause.
    causes = [name for name in wrong if name != "total"] or list(wrong)
    named = " and ".join(_WORDS[name] for name in causes)
    return JobError(
        "Cannot go on training",
        because=f"{named} is not a finite number in epoch {progress.epoch + 1} after step "
        f"{progress.step}, at a learning rate of {learning_rate:.3g}",
        cure="Make a new job with a lower learning rate or a longer warm-up; what this one saved "
        "is kept.",
    )


def other_images(checkpoint: Path) -> JobError:
    """What to say when a run would go on with other images than it began with."""
    return JobError(
        "Cannot go on from the checkpoint",
        path=checkpoint,
        because="the training images or their labels are not those that the run began with",
        cure="Bring the data set back to what it was, or make a new job from the specification.",
    )
