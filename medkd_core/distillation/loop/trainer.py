"""The loop: steps, validation after each epoch, the best and the last checkpoint."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator

import torch
from torch import Tensor

from medkd_core.distillation.data import (
    Batch,
    augmentation_kind,
    epoch_indices,
    training_batches,
    view_of,
)
from medkd_core.distillation.inputs import network_inputs
from medkd_core.distillation.loop.checkpoints import load_checkpoint, save_checkpoint
from medkd_core.distillation.loop.meter import Meter
from medkd_core.distillation.loop.optimising import set_learning_rate
from medkd_core.distillation.loop.progress import Progress
from medkd_core.distillation.loop.ready import Run
from medkd_core.distillation.loop.schedule import learning_rate
from medkd_core.distillation.loop.shares import Indices, Part
from medkd_core.distillation.loop.telling import diverged, epoch_done, other_images, steps_done
from medkd_core.distillation.losses.hybrid import HybridLoss
from medkd_core.distillation.reporting import Reporter, StopRequested
from medkd_core.distillation.signals.views import view_seed
from medkd_core.distillation.validation import Validation, predict_logits, validate
from medkd_core.jobs.events import CheckpointSaved, Started
from medkd_core.networks.weights import save_weights

BEST = "best.safetensors"
LAST = "last.safetensors"

_REPORT_SECONDS = 1.0
_CHECKPOINT_SECONDS = float(os.environ.get("MEDKD_CHECKPOINT_SECONDS", "600"))
"""A kill costs no more than this, and the steps since the last one when an epoch ends sooner."""

Losses = dict[str, float]


class Trainer:
    """Trains the network of a run to the end, from wherever its last checkpoint left it."""

    def __init__(self, run: Run, reporter: Reporter) -> None:
        self._run = run
        self._reporter = reporter
        self._spec = run.job.spec.training
        self._seed = run.job.spec.seed
        self._folder = run.job.checkpoint_folder
        self._steps = -(-len(run.train) // run.batch_size)
        self._saved = time.monotonic()

    def train(self) -> Progress:
        """Run all epochs that are left.

        Raises
        ------
        StopRequested
            Asked to pause (a checkpoint was written) or to cancel.
        JobError
            A loss or a gradient is no number any more, or a checkpoint cannot be written.
        """
        progress = self._resumed()
        self._reporter.event(
            Started(settings=self._run.settings(), epoch=progress.epoch, step=progress.step)
        )
        while not progress.is_over(self._spec.epochs, self._spec.early_stopping):
            started = time.monotonic()
            progress = self._train_epoch(progress)
            validation = self._validate(progress)
            progress = self._end_epoch(progress, validation, time.monotonic() - started)
        if progress.epoch < self._spec.epochs:
            waited = progress.epoch - progress.best_epoch
            self._reporter.say(f"Stopped early: {waited} epochs were no better than the best.")
        return progress

    def _train_epoch(self, progress: Progress) -> Progress:
        self._run.model.train()
        meter = Meter()
        steps = self._steps_left(progress)
        batches = self._batches(progress, steps)
        for parts in steps:
            self._pause_or_cancel(progress)
            losses = self._step(parts, batches, progress)
            progress = progress.after_step(losses["total"])
            meter.add(losses, parts[0].of)
            if meter.seconds > _REPORT_SECONDS or progress.step == self._steps:
                self._report_steps(progress, meter)
                meter = Meter()
            self._save_now_and_then(progress)
        return progress

    def _steps_left(self, progress: Progress) -> list[list[Part]]:
        """This process's parts of each step of the epoch that is not done yet."""
        run, labels = self._run, self._run.train.labels
        balance = labels if self._spec.sampling == "balanced" else None
        images = epoch_indices(len(labels), run.batch_size, self._seed, progress.epoch, balance)
        return [run.shares.parts(step, self._spec.accumulate) for step in images[progress.step :]]

    def _batches(self, progress: Progress, steps: list[list[Part]]) -> Iterator[Batch]:
        spec = self._run.job.spec
        indices: list[Indices] = [part.indices for parts in steps for part in parts]
        view = view_of(spec, progress.epoch)
        return training_batches(
            self._run.train, indices, view_seed(spec), view, augmentation_kind(spec)
        )

    def _step(self, parts: list[Part], batches: Iterator[Batch], progress: Progress) -> Losses:
        """One change of the weights; the losses are means over the step's images."""
        run, rate = self._run, self._learning_rate(progress)
        set_learning_rate(run.optimizer, rate)
        run.optimizer.zero_grad()
        sums: dict[str, Tensor] = {}
        for part in parts:
            with run.shares.until_last(run.model, part is parts[-1]):
                loss = self._loss(part, next(batches), progress)
                run.fabric.backward(loss.total * run.shares.scale(part))
            for name, value in loss.parts().items():
                sums[name] = sums.get(name, 0.0) + part.share * value.detach()
        losses = dict(
            zip(sums, run.shares.sums(torch.stack(list(sums.values()))).tolist(), strict=True)
        )
        norm = run.fabric.clip_gradients(
            run.model, run.optimizer, max_norm=self._spec.gradient_clip, error_if_nonfinite=False
        )
        self._refuse_infinite(losses, norm, rate, progress)
        run.optimizer.step()
        if run.average:
            run.average.update(run.network, self._step_number(progress))
        return losses

    def _loss(self, part: Part, batch: Batch, progress: Progress) -> HybridLoss:
        run = self._run
        key = [self._seed, progress.epoch, progress.step]
        run.draws.begin(key, part.rows, part.of)
        squares, labels = run.fabric.to_device((batch.squares, batch.labels))
        signals = run.teachers.of(batch) if run.teachers else []
        with run.fabric.autocast():
            return run.model(network_inputs(squares, run.recipe), labels, signals, progress.epoch)

    def _refuse_infinite(
        self, losses: Losses, norm: Tensor, rate: float, progress: Progress
    ) -> None:
        """Before the weights are changed, so that what was learned is not lost."""
        wrong = [name for name, value in losses.items() if not math.isfinite(value)]
        # With a scaler, gradients that are too large are expected, and such a step is left out.
        if not wrong and not self._scaler() and not torch.isfinite(norm):
            wrong = ["gradient"]
        if wrong:
            raise diverged(wrong, progress, rate)

    def _scaler(self) -> dict[str, object]:
        return self._run.fabric.strategy.precision.state_dict()

    def _step_number(self, progress: Progress) -> int:
        return progress.epoch * self._steps + progress.step

    def _learning_rate(self, progress: Progress) -> float:
        return learning_rate(
            self._step_number(progress),
            self._spec.epochs * self._steps,
            # A run that is shorter than its warm-up would never reach the peak.
            min(self._spec.warmup_epochs, self._spec.epochs - 1) * self._steps,
            self._spec.learning_rate,
        )

    def _validate(self, progress: Progress) -> Validation:
        run = self._run
        run.shares.share_buffers(run.judged)
        logits = predict_logits(run.judged, run.validation, run.recipe, run.fabric)
        validation = validate(logits, run.validation.labels, run.class_weights)
        if not math.isfinite(validation.loss):
            raise diverged(["validation"], progress, self._learning_rate(progress))
        return validation

    def _end_epoch(self, progress: Progress, validation: Validation, seconds: float) -> Progress:
        """Tell, keep the best, and write the checkpoint that the next epoch starts from."""
        done = progress.after_epoch(validation.macro_f1, validation.loss)
        rate = self._learning_rate(progress.model_copy(update={"step": progress.step - 1}))
        self._reporter.event(epoch_done(progress, validation, rate, seconds))
        # The best first: killed between the two, the epoch is run again and writes the same.
        if done.best_epoch == done.epoch and self._run.shares.is_first:
            save_weights(self._run.judged, self._folder / BEST)
            self._reporter.event(CheckpointSaved(kind="best", epoch=done.epoch))
        self._save_last(done)
        self._reporter.change(
            epoch=done.epoch,
            best_metric=done.best_macro_f1,
            seconds_left=(self._spec.epochs - done.epoch) * seconds,
            message="",
        )
        return done

    def _save_last(self, progress: Progress) -> None:
        run = self._run
        self._saved = time.monotonic()
        if run.shares.is_first:
            save_checkpoint(
                self._folder / LAST, run.modules(), run.optimizer, progress, self._scaler()
            )
            self._reporter.event(CheckpointSaved(kind="last", epoch=progress.epoch))

    def _save_now_and_then(self, progress: Progress) -> None:
        # The end of an epoch writes one itself.
        if time.monotonic() - self._saved > _CHECKPOINT_SECONDS and progress.step < self._steps:
            self._save_last(progress)

    def _resumed(self) -> Progress:
        run, path, films = self._run, self._folder / LAST, self._run.train.digest()
        if not path.exists():
            return Progress(films=films)
        progress, scaler = load_checkpoint(path, run.modules(), run.optimizer)
        if progress.films != films:
            raise other_images(path)
        run.fabric.strategy.precision.load_state_dict(scaler)
        self._reporter.say(f"Going on after epoch {progress.epoch}, step {progress.step}.")
        return progress

    def _pause_or_cancel(self, progress: Progress) -> None:
        """Between two steps, and all processes together."""
        request = self._reporter.stop_request()
        if not self._run.shares.any(request is not None):
            return
        request = request or StopRequested.by_system()
        if request.request == "pause":
            self._save_last(progress)
        raise request

    def _report_steps(self, progress: Progress, meter: Meter) -> None:
        left = (self._spec.epochs - progress.epoch) * self._steps - progress.step
        self._reporter.event(steps_done(progress, self._steps, meter))
        self._reporter.change_soon(
            message=f"Epoch {progress.epoch + 1}, step {progress.step} of {self._steps}",
            seconds_left=left * meter.seconds / meter.steps,
        )
