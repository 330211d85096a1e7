"""What every network of a bundle says of every image of a data set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.read import Bundle
from medkd_core.datasets.record import Record
from medkd_core.evaluation.prediction import checked_logits
from medkd_core.imaging.preprocessing import network_input, view_image
from medkd_core.imaging.reading import read_frame

FloatArray = NDArray[np.float32]

BATCH = 16


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers to n images, in their order.

    Attributes
    ----------
    logits : dict of float32, (n, classes)
        By network.
    embeddings : float32, (n, d)
        Of the student.
    devices : dict of str
        By network: where it computed, in words.
    """

    logits: dict[str, FloatArray]
    embeddings: FloatArray
    devices: dict[str, str]


def ask_networks(
    bundle: Bundle,
    records: Sequence[Record],
    device: str = "auto",
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Answers:
    """Decode images as a reader's are, and ask every network.

    Parameters
    ----------
    records : sequence of Record
        At least one.
    progress : callable, optional
        Called with the images finished and their number.

    Raises
    ------
    UnreadableFileError
        Naming the first file that cannot be read.
    EngineError
        A network cannot run, or answers with values that are not finite.
    """
    entries = bundle.manifest.networks
    engines = {entry.name: bundle.engine(entry.name, device) for entry in entries}
    logits: dict[str, list[FloatArray]] = {name: [] for name in engines}
    embeddings: list[FloatArray] = []
    for start in range(0, len(records), BATCH):
        view = bundle.manifest.view
        part = records[start : start + BATCH]
        images = [view_image(read_frame(record.path), view) for record in part]
        for entry in entries:
            inputs = np.stack([network_input(image, view, entry.recipe) for image in images])
            engine = engines[entry.name]
            logits[entry.name].append(checked_logits(bundle.manifest, entry, engine, inputs))
            if entry.role == "student":
                embeddings.append(engine.embeddings(inputs))
        if progress is not None:
            progress(start + len(part), len(records))
    return Answers(
        logits={name: np.concatenate(parts) for name, parts in logits.items()},
        embeddings=np.concatenate(embeddings),
        devices={name: engine.device for name, engine in engines.items()},
    )
