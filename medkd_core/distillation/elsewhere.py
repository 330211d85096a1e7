"""A job's network on a data set that it was not trained on."""

from __future__ import annotations

import numpy as np

from medkd_core.datasets.record import Dataset, ImageDone
from medkd_core.distillation.data import load_films
from medkd_core.distillation.devices import make_fabric
from medkd_core.distillation.validation import predict_logits
from medkd_core.errors import DatasetError
from medkd_core.evaluation.decisions import Decisions, decisions_on
from medkd_core.jobs.result import WEIGHTS_FILE, read_result
from medkd_core.jobs.store import Job
from medkd_core.networks import create_network
from medkd_core.networks.weights import load_weights


def decisions_elsewhere(job: Job, dataset: Dataset, progress: ImageDone | None = None) -> Decisions:
    """Ask a completed job's network about every image of a data set, whatever its split.

    Parameters
    ----------
    job : Job
    dataset : Dataset
        Of the same classes, in any order.
    progress : callable, optional
        Called with images read and in all.

    Raises
    ------
    MedKDError
        The job is not completed, the classes are others, or an image cannot be read.
    """
    result, spec = read_result(job.result_folder), job.spec
    if set(result.classes) != set(dataset.classes):
        raise DatasetError(
            f"Cannot test on {dataset.name}",
            because=f"its classes are {', '.join(dataset.classes)}, those of {job.identifier} are "
            f"{', '.join(result.classes)}",
            cure="Name the folders or labels of the two data sets alike.",
        )
    recipe = result.recipe
    network = create_network(
        spec.network.name, len(result.classes), spec.network.width, spec.network.image_size
    )
    load_weights(network, job.result_folder / WEIGHTS_FILE)
    fabric = make_fabric(spec.training.device)
    model = fabric.setup(network)
    records = list(dataset.records)
    films = load_films(dataset, records, spec.view, recipe.size, recipe.interpolation, progress)
    decided = predict_logits(model, films, recipe, fabric).argmax(axis=1)
    # Positions among the job's classes become those among the data set's.
    positions = np.array([dataset.class_index(name) for name in result.classes])
    return decisions_on(dataset, records, positions[decided])
