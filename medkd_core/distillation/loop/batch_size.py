"""How many images a step has: as asked for, or as many as the memory holds."""

from __future__ import annotations

import copy

import numpy as np
from lightning_fabric import Fabric
from torch import nn

from medkd_core.distillation.data import Films, training_batches
from medkd_core.distillation.inputs import network_inputs
from medkd_core.distillation.loop.largest_batch import (
    Trial,
    largest_batch,
    settle_batch_size,
    settled_batch_size,
)
from medkd_core.distillation.loop.learner import Learner
from medkd_core.distillation.loop.optimising import make_optimizer
from medkd_core.distillation.loop.shares import Shares
from medkd_core.distillation.signals.live import TeacherSignals
from medkd_core.errors import SpecError
from medkd_core.imaging.recipe import InputRecipe
from medkd_core.jobs.store import Job


def choose_batch_size(job: Job, shares: Shares, images: int, device_trial: Trial) -> int:
    """Images of a step on all processes together; once settled, for good.

    Parameters
    ----------
    job : Job
    shares : Shares
    images : int
        For training.
    device_trial : callable
        From `trial_step`.

    Raises
    ------
    MedKDError
        Fewer images than processes, or none fits into the memory.
    """
    wanted = job.spec.training.batch_size
    size = min(
        images, _settled(job, shares, images, device_trial) if wanted == "largest" else wanted
    )
    # Batches differ by one image at most, so none of them has fewer.
    if images // -(-images // size) < shares.count:
        raise SpecError(
            f"Cannot share steps of {size} images among {shares.count} processes",
            because="each must have one image or more",
            cure="Raise training.batch_size, or lower launch.processes.",
        )
    return size


def _settled(job: Job, shares: Shares, images: int, trial: Trial) -> int:
    settled = settled_batch_size(job.folder)
    # All have looked before the first one writes.
    if shares.least(settled or 0):
        return settled or 0
    accumulate = job.spec.training.accumulate
    most = -(-images // (shares.count * accumulate))
    found = shares.least(largest_batch(trial, shares.device, most))
    size = min(images, found * shares.count * accumulate)
    if shares.is_first:
        settle_batch_size(job.folder, size)
    return size


def trial_step(
    job: Job,
    learner: Learner,
    teachers: TeacherSignals | None,
    films: Films,
    recipe: InputRecipe,
    fabric: Fabric,
) -> Trial:
    """A step with a copy of all that learns, so that the real network keeps its statistics.

    Parameters
    ----------
    job : Job
    learner : Learner
        On the device.
    teachers : TeacherSignals or None
    films : Films
        For training.
    recipe : InputRecipe
        Of the network that learns.
    fabric : Fabric
    """
    spec = job.spec

    def step(images: int) -> None:
        trial = copy.deepcopy(learner).train()
        _alone(trial)
        parameters = trial.objective.parameters()
        optimizer = make_optimizer(trial.network, spec.network.name, parameters, spec.training)
        chosen = np.resize(np.arange(len(films)), images)
        (batch,) = training_batches(films, [chosen], 0, 0, None)
        inputs = network_inputs(fabric.to_device(batch.squares), recipe)
        signals = teachers.of(batch) if teachers else []
        with fabric.autocast():
            # The last epoch, in which every term counts.
            loss = trial(inputs, fabric.to_device(batch.labels), signals, spec.training.epochs)
        loss.total.backward()
        optimizer.step()

    return step


def _alone(module: nn.Module) -> None:
    """Each process tries sizes by itself: synchronised statistics would wait for the others."""
    for child in module.modules():
        if isinstance(child, nn.SyncBatchNorm):
            child.eval()
