"""What a network decided on the images that it was tested on, image by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from medkd_core.datasets.record import Dataset, Record
from medkd_core.errors import JobError
from medkd_core.jobs.result import LOGITS_FILE, read_result
from medkd_core.jobs.store import Job


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions on n images.

    Attributes
    ----------
    classes : tuple of str
    images : tuple of str, (n,)
        Paths; they tell whether two networks were tested on the same images.
    groups, sources : tuple of str, (n,)
        Patient or tissue block of each image, and where it comes from; a source may be empty.
    truth, decided : int64, (n,)
        Class indices.
    """

    classes: tuple[str, ...]
    images: tuple[str, ...]
    groups: tuple[str, ...]
    sources: tuple[str, ...]
    truth: NDArray[np.int64]
    decided: NDArray[np.int64]

    def only(self, source: str) -> Decisions:
        """The images of one source."""
        inside = [number for number, name in enumerate(self.sources) if name == source]
        images, groups, sources = (
            tuple(column[number] for number in inside)
            for column in (self.images, self.groups, self.sources)
        )
        chosen = np.array(inside, np.intp)
        return Decisions(
            self.classes, images, groups, sources, self.truth[chosen], self.decided[chosen]
        )


def decisions_on(
    dataset: Dataset, records: Sequence[Record], decided: NDArray[np.integer]
) -> Decisions:
    """Put decisions, int (n,), beside the records, n of them, that they were made on."""
    return Decisions(
        classes=dataset.classes,
        images=tuple(str(record.path) for record in records),
        groups=tuple(record.group for record in records),
        sources=tuple(record.source for record in records),
        truth=np.array([dataset.class_index(record.label) for record in records], np.int64),
        decided=np.asarray(decided, np.int64),
    )


def decisions_of(job: Job) -> Decisions:
    """Read what a completed job's network decided on its test split.

    Raises
    ------
    JobError
        The job has no result, it is damaged, or an early version of MedKD wrote it.
    """
    classes = tuple(read_result(job.result_folder).classes)
    path = job.result_folder / LOGITS_FILE
    try:
        with np.load(path, allow_pickle=False) as stored:
            images, groups, sources = (
                tuple(stored[f"test_{name}"].tolist()) for name in ("images", "groups", "sources")
            )
            truth, decided = stored["test_labels"], stored["test"].argmax(axis=1)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise JobError(
            "Cannot read which images were tested from",
            path=path,
            because="the file is missing, damaged or of an early version",
            cure="Train the job again.",
        ) from error
    return Decisions(classes, images, groups, sources, truth, decided)
