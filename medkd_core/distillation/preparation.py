"""Everything that a run needs, made and checked before its first step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from lightning_fabric import Fabric
from timm.layers import convert_sync_batchnorm
from torch import nn

from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.record import SPLITS, Dataset, ImageDone, Split
from medkd_core.distillation.data import Films, load_films, training_side
from medkd_core.distillation.devices import make_deterministic, make_fabric
from medkd_core.distillation.loop.averaging import MovingAverage
from medkd_core.distillation.loop.batch_size import choose_batch_size, trial_step
from medkd_core.distillation.loop.draws import Draws, draw_dropout
from medkd_core.distillation.loop.learner import Learner
from medkd_core.distillation.loop.optimising import freeze, make_optimizer
from medkd_core.distillation.loop.ready import Run
from medkd_core.distillation.loop.shares import Shares
from medkd_core.distillation.losses.hard import class_weights
from medkd_core.distillation.losses.objective import Objective
from medkd_core.distillation.losses.student_signal import SignalReader
from medkd_core.distillation.reporting import Reporter
from medkd_core.distillation.signals.finding import find_teachers
from medkd_core.distillation.signals.live import TeacherSignals
from medkd_core.distillation.signals.opening import open_teachers
from medkd_core.distillation.signals.teacher import load_teachers
from medkd_core.imaging.recipe import InputRecipe
from medkd_core.jobs.spec import JobSpec, NetworkSpec
from medkd_core.jobs.spec_file import check_spec
from medkd_core.jobs.store import Job, JobStore
from medkd_core.networks import create_network, recipe_for
from medkd_core.networks.access import last_layer
from medkd_core.networks.target_layers import target_layer_of
from medkd_core.networks.weights import load_weights


def prepare(job: Job, reporter: Reporter) -> Run:
    """Make everything; the cheap checks come first, decoding the images last.

    Raises
    ------
    MedKDError
        Something of the specification cannot be had; nothing was written.
    """
    spec = job.spec
    check_spec(spec)
    recipe = recipe_for(spec.network.name, spec.network.image_size)
    _refuse_unexplainable(spec.network, recipe.size)
    fabric = make_fabric(spec.training.device, spec.training.precision)
    finding = _progress(reporter, "Looking into every file")
    dataset = load_dataset(spec.data, spec.seed, finding)
    found = find_teachers(spec, JobStore(job.folder.parent), dataset.classes)
    make_deterministic(spec.seed)
    network = _network(spec, len(dataset.classes), fabric, reporter)
    still = freeze(network, spec.network.name, spec.training)
    teachers = load_teachers(spec.teachers, found, fabric)
    recipes = [recipe, *(teacher.recipe for teacher in teachers)]
    films = _load_splits(spec, dataset, recipes, reporter)
    signals = None
    if teachers:
        progress = _progress(reporter, "Asking the teachers")
        signals = open_teachers(spec, teachers, films["train"], fabric, progress)
    # Loading teachers, or finding what they said, takes another number of random numbers.
    torch.manual_seed(spec.seed)
    learner = _learner(spec, network, still, signals, films["train"], recipe)
    return _ready(job, fabric, dataset, recipe, learner.to(fabric.device), signals, films)


def _refuse_unexplainable(spec: NetworkSpec, size: int) -> None:
    """Say now rather than after hours of training that a network could not be published."""
    target_layer_of(spec.name, spec.width, size, spec.target_layer)


def _network(spec: JobSpec, classes: int, fabric: Fabric, reporter: Reporter) -> nn.Module:
    own = spec.network
    network = create_network(own.name, classes, own.width, own.image_size)
    if own.weights is not None:
        report = load_weights(network, own.weights)
        if report.replaced_head:
            told_apart = f"{report.classes_in_file} classes; its head is a fresh one for {classes}"
            reporter.say(f"{own.weights.name} tells {told_apart}.")
    if fabric.world_size > 1 and fabric.device.type == "cuda":
        network = convert_sync_batchnorm(network)
    return network.to(memory_format=torch.channels_last)


def _load_splits(
    spec: JobSpec, dataset: Dataset, recipes: Sequence[InputRecipe], reporter: Reporter
) -> dict[Split, Films]:
    reporter.say(f"Reading {len(dataset.records)} images of {dataset.name}.")
    own = recipes[0]
    films = {
        split: load_films(
            dataset,
            dataset.split(split),
            spec.view,
            training_side(recipes) if split == "train" else own.size,
            own.interpolation,
            _progress(reporter, "Reading images"),
            skip_unreadable=spec.data.skip_unreadable,
        )
        for split in SPLITS
    }
    _tell_what_is_odd(list(films.values()), reporter)
    return films


def _tell_what_is_odd(films: Sequence[Films], reporter: Reporter) -> None:
    for note in dict.fromkeys(note for part in films for note in part.notes):
        reporter.say(note)
    if unreadable := [path for part in films for path in part.unreadable]:
        listed = ", ".join(map(str, unreadable))
        reporter.say(f"Left out {len(unreadable)} images that cannot be read: {listed}.")


def _progress(reporter: Reporter, what: str) -> ImageDone:
    def tell(done: int, total: int) -> None:
        reporter.raise_if_stopped()
        reporter.change_soon(message=f"{what}, {done} of {total}")

    return tell


def _learner(
    spec: JobSpec,
    network: nn.Module,
    still: Sequence[nn.Module],
    teachers: TeacherSignals | None,
    train: Films,
    recipe: InputRecipe,
) -> Learner:
    classifier = last_layer(network).get_parameter("weight")
    objective = Objective(
        spec.training,
        spec.distillation,
        np.bincount(train.labels, minlength=len(classifier)).tolist(),
        teachers.facts if teachers else [],
        classifier.shape[1],
    )
    reader = SignalReader(
        network,
        spec.network.name,
        recipe.size,
        spec.network.target_layer,
        features=objective.needs_features,
        maps=objective.needs_maps,
    )
    return Learner(network, objective, reader, still)


def _ready(
    job: Job,
    fabric: Fabric,
    dataset: Dataset,
    recipe: InputRecipe,
    learner: Learner,
    teachers: TeacherSignals | None,
    films: dict[Split, Films],
) -> Run:
    spec, train, shares, draws = job.spec, films["train"], Shares(fabric), Draws()
    trial = trial_step(job, learner, teachers, train, recipe, fabric)
    batch_size = choose_batch_size(job, shares, len(train), trial)
    draw_dropout(learner.network, draws)
    decay = spec.training.ema_decay
    optimizer = make_optimizer(
        learner.network, spec.network.name, learner.objective.parameters(), spec.training
    )
    counts = np.bincount(train.labels, minlength=len(dataset.classes)).tolist()
    return Run(
        job=job,
        fabric=fabric,
        shares=shares,
        dataset=dataset,
        recipe=recipe,
        learner=learner,
        model=shares.wrapped(learner),
        optimizer=fabric.setup_optimizers(optimizer),
        draws=draws,
        average=MovingAverage(learner.network, decay) if decay else None,
        teachers=teachers,
        batch_size=batch_size,
        class_weights=class_weights(counts, spec.training.class_balance),
        train=train,
        validation=films["validation"],
        test=films["test"],
    )
