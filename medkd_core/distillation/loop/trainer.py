"""The loop: steps, validation after each epoch, the best and the last checkpoint."""

from __future__ import annotations

import math
import time
from collections import Counter
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
from medkd_core.distillation.loop.progress import Progress
from medkd_core.distillation.loop.schedule import learning_rate
from medkd_core.distillation.losses.hybrid import HybridLoss, hard_loss, hybrid_loss, soft_loss
from medkd_core.distillation.preparation import Run
from medkd_core.distillation.reporting import Reporter
from medkd_core.distillation.validation import Validation, predict_logits, validate
from medkd_core.errors import JobError
from medkd_core.jobs.events import CheckpointSaved, EpochDone, Started, StepDone
from medkd_core.networks.weights import save_weights

BEST = "best.safetensors"
LAST = "last.safetensors"

_GRADIENT_NORM = 1.0
_REPORT_SECONDS = 1.0


class Trainer:
    """Trains the network of a run to the end, from wherever its last checkpoint left it."""

    def __init__(self, run: Run, reporter: Reporter) -> None:
        self._run = run
        self._reporter = reporter
        self._spec = run.job.spec.training
        self._folder = run.job.checkpoint_folder
        self._batch_size = 32 if self._spec.batch_size == "largest" else self._spec.batch_size
        self._steps = -(-len(run.train) // self._batch_size)

    def train(self) -> Progress:
        """Run all epochs that are left.

        Raises
        ------
        StopRequested
            Asked to pause (a checkpoint was written) or to cancel.
        JobError
            The loss is no number any more, or a checkpoint cannot be written.
        """
        progress = self._resumed()
        self._reporter.event(
            Started(settings=self._run.settings(), epoch=progress.epoch, step=progress.step)
        )
        while progress.epoch < self._spec.epochs:
            started = time.monotonic()
            progress = self._train_epoch(progress)
            validation = self._validate(progress)
            progress = self._end_epoch(progress, validation, time.monotonic() - started)
        return progress

    def _train_epoch(self, progress: Progress) -> Progress:
        self._run.model.train()
        meter = _Meter()
        for batch in self._batches(progress):
            self._pause_or_cancel(progress)
            loss = self._step(batch, progress)
            progress = progress.after_step(loss.total.item())
            meter.add(loss, len(batch.labels))
            if meter.seconds > _REPORT_SECONDS or progress.step == self._steps:
                self._report_steps(progress, meter)
                meter = _Meter()
        return progress

    def _batches(self, progress: Progress) -> Iterator[Batch]:
        seed, spec = self._run.job.spec.seed, self._run.job.spec
        indices = epoch_indices(len(self._run.train), self._batch_size, seed, progress.epoch)
        kind = augmentation_kind(spec.data) if self._spec.augment else None
        view = view_of(spec, progress.epoch)
        return training_batches(self._run.train, indices[progress.step :], seed, view, kind)

    def _step(self, batch: Batch, progress: Progress) -> HybridLoss:
        run = self._run
        for group in run.optimizer.param_groups:
            group["lr"] = self._learning_rate(progress)
        squares, labels = run.fabric.to_device((batch.squares, batch.labels))
        loss = self._loss(squares, labels)
        if not torch.isfinite(loss.total):
            raise self._diverged(progress)
        run.optimizer.zero_grad()
        run.fabric.backward(loss.total)
        run.fabric.clip_gradients(run.model, run.optimizer, max_norm=_GRADIENT_NORM)
        run.optimizer.step()
        return loss

    def _loss(self, squares: Tensor, labels: Tensor) -> HybridLoss:
        run, distillation = self._run, self._run.job.spec.distillation
        logits = run.model(network_inputs(squares, run.recipe)).float()
        hard = hard_loss(logits, labels, run.class_weights, self._spec.label_smoothing)
        soft = None
        if run.teachers is not None:
            targets = run.teachers.soft_labels(squares)
            soft = soft_loss(logits, targets, distillation.temperature)
        return hybrid_loss(hard, soft, distillation.soft_weight)

    def _learning_rate(self, progress: Progress) -> float:
        return learning_rate(
            progress.epoch * self._steps + progress.step,
            self._spec.epochs * self._steps,
            # A run that is shorter than its warm-up would never reach the peak.
            min(self._spec.warmup_epochs, self._spec.epochs - 1) * self._steps,
            self._spec.learning_rate,
        )

    def _validate(self, progress: Progress) -> Validation:
        run = self._run
        logits = predict_logits(run.model, run.validation, run.recipe, run.fabric)
        validation = validate(logits, run.validation.labels, run.class_weights)
        if not math.isfinite(validation.loss):
            raise self._diverged(progress)
        return validation

    def _end_epoch(self, progress: Progress, validation: Validation, seconds: float) -> Progress:
        """Tell, keep the best, and write the checkpoint that the next epoch starts from."""
        done = progress.after_epoch(validation.macro_f1, validation.loss)
        self._reporter.event(
            EpochDone(
                epoch=done.epoch,
                train_loss=progress.loss_sum / progress.step,
                validation_loss=validation.loss,
                macro_f1=validation.macro_f1,
                balanced_accuracy=validation.balanced_accuracy,
                accuracy=validation.accuracy,
                confusion=validation.confusion,
                learning_rate=self._run.optimizer.param_groups[0]["lr"],
                seconds=seconds,
            )
        )
        # The best first: killed between the two, the epoch is run again and writes the same.
        if done.best_epoch == done.epoch:
            self._folder.mkdir(exist_ok=True)
            save_weights(self._run.network, self._folder / BEST)
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
        save_checkpoint(
            self._folder / LAST, {"network": self._run.network}, self._run.optimizer, progress
        )
        self._reporter.event(CheckpointSaved(kind="last", epoch=progress.epoch))

    def _resumed(self) -> Progress:
        path = self._folder / LAST
        if not path.exists():
            return Progress()
        progress, _ = load_checkpoint(path, {"network": self._run.network}, self._run.optimizer)
        self._reporter.say(f"Going on after epoch {progress.epoch}, step {progress.step}.")
        return progress

    def _pause_or_cancel(self, progress: Progress) -> None:
        request = self._reporter.stop_request()
        if request is None:
            return
        if request.request == "pause":
            self._save_last(progress)
        raise request

    def _report_steps(self, progress: Progress, meter: _Meter) -> None:
        left = (self._spec.epochs - progress.epoch) * self._steps - progress.step
        self._reporter.event(
            StepDone(
                epoch=progress.epoch + 1,
                step=progress.step,
                steps=self._steps,
                losses=meter.mean_losses(),
                images_per_second=meter.images / meter.seconds,
            )
        )
        self._reporter.change_soon(
            message=f"Epoch {progress.epoch + 1}, step {progress.step} of {self._steps}",
            seconds_left=left * meter.seconds / meter.steps,
        )

    def _diverged(self, progress: Progress) -> JobError:
        return JobError(
            "Cannot go on training",
            because=f"the loss is not a finite number in epoch {progress.epoch + 1} after step "
            f"{progress.step}",
            cure="Lower the learning rate or lengthen the warm-up; the last checkpoint is kept.",
        )


class _Meter:
    """Mean losses and speed since it was made."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._sums: Counter[str] = Counter()
        self.images = 0
        self.steps = 0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started

    def add(self, loss: HybridLoss, images: int) -> None:
        self._sums.update({name: value.item() for name, value in loss.parts().items()})
        self.images += images
        self.steps += 1

    def mean_losses(self) -> dict[str, float]:
        return {name: total / self.steps for name, total in self._sums.items()}
