"""Everything that a run needs, made and checked before its first step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric
from timm.optim import param_groups_weight_decay
from torch import Tensor, nn
from torch.optim import AdamW

from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.record import Dataset
from medkd_core.distillation.data import Films, load_films, training_side
from medkd_core.distillation.devices import device_label, make_deterministic, make_fabric
from medkd_core.distillation.losses.hybrid import class_weights
from medkd_core.distillation.reporting import Reporter
from medkd_core.distillation.signals.teachers import Teachers, find_teachers, load_teachers
from medkd_core.imaging.recipe import InputRecipe
from medkd_core.jobs.spec import NetworkSpec
from medkd_core.jobs.spec_file import check_spec
from medkd_core.jobs.store import Job, JobStore
from medkd_core.networks import create_network, recipe_for
from medkd_core.networks.target_layers import target_layer_of
from medkd_core.networks.weights import load_weights


@dataclass(frozen=True, slots=True)
class Run:
    """A job, ready for its first step.

    Attributes
    ----------
    job : Job
    fabric : Fabric
    dataset : Dataset
    recipe : InputRecipe
        Of the network that learns.
    network : torch.nn.Module
        The plain module, on the device, its weights shared with `model`.
    model : torch.nn.Module
        The same as Fabric runs it.
    optimizer : AdamW
    teachers : Teachers or None
    class_weights : float32, (classes,)
        On the device.
    train, validation, test : Films
        Training films at the largest side that any network wants.
    """

    job: Job
    fabric: Fabric
    dataset: Dataset
    recipe: InputRecipe
    network: nn.Module
    model: nn.Module
    optimizer: AdamW
    teachers: Teachers | None
    class_weights: Tensor
    train: Films
    validation: Films
    test: Films

    def settings(self) -> dict[str, str]:
        """What was settled, in words, for the record."""
        return {
            "device": device_label(self.fabric),
            "precision": str(self.fabric.strategy.precision.precision),
            "classes": ", ".join(self.dataset.classes),
            "training images": str(len(self.train)),
            "validation images": str(len(self.validation)),
            "test images": str(len(self.test)),
            "input": f"{self.recipe.size} px, {self.recipe.interpolation}",
            "class weights": ", ".join(f"{w:.3f}" for w in self.class_weights.tolist()),
            "torch": torch.__version__,
        }


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
    fabric = make_fabric(spec.training.device)
    make_deterministic(spec.seed)
    dataset = load_dataset(spec.data, spec.seed)
    store = JobStore(job.folder.parent)
    found = find_teachers(spec, store, dataset.classes)
    network = _network(spec.network, len(dataset.classes), reporter)
    network = network.to(memory_format=torch.channels_last)
    optimizer = AdamW(
        param_groups_weight_decay(network, spec.training.weight_decay),
        lr=spec.training.learning_rate,
    )
    model, wrapped_optimizer = fabric.setup(network, optimizer)
    teachers = None
    if found:
        teachers = load_teachers(spec.teachers, found, spec.distillation.temperature, fabric)
    train, validation, test = _load_splits(job, dataset, recipe, teachers, reporter)
    counts = np.bincount(train.labels, minlength=len(dataset.classes)).tolist()
    return Run(
        job=job,
        fabric=fabric,
        dataset=dataset,
        recipe=recipe,
        network=network,
        model=model,
        optimizer=wrapped_optimizer,
        teachers=teachers,
        class_weights=class_weights(counts, spec.training.class_balance).to(fabric.device),
        train=train,
        validation=validation,
        test=test,
    )


def _refuse_unexplainable(spec: NetworkSpec, size: int) -> None:
    """Say now rather than after hours of training that a network could not be published."""
    target_layer_of(spec.name, spec.width, size, spec.target_layer)


def _network(spec: NetworkSpec, classes: int, reporter: Reporter) -> nn.Module:
    network = create_network(spec.name, classes, spec.width, spec.image_size)
    if spec.weights is not None:
        report = load_weights(network, spec.weights)
        if report.replaced_head:
            told_apart = f"{report.classes_in_file} classes; its head is a fresh one for {classes}"
            reporter.say(f"{spec.weights.name} tells {told_apart}.")
    return network


def _load_splits(
    job: Job, dataset: Dataset, recipe: InputRecipe, teachers: Teachers | None, reporter: Reporter
) -> list[Films]:
    side = training_side([recipe, *(teachers.recipes if teachers else [])])
    sides = {"train": side, "validation": recipe.size, "test": recipe.size}

    def progress(done: int, total: int) -> None:
        reporter.raise_if_stopped()
        reporter.change_soon(message=f"Reading images, {done} of {total}")

    reporter.say(f"Reading {len(dataset.records)} images of {dataset.name}.")
    return [
        load_films(
            dataset,
            dataset.split(split),
            job.spec.view,
            sides[split],
            recipe.interpolation,
            progress,
        )
        for split in ("train", "validation", "test")
    ]
