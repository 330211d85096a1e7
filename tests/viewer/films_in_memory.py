"""Films that were never a file, for the tests of states, links and panes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from medkd_core.imaging.frame import Frame, Photometric, Spacing, Window
from medkd_core.imaging.study import Instance, Series, Study
from medkd_viewer.reading.film import Film, FilmAddress

WINDOWS = (Window(500, 1000, explanation="Soft"), Window(800, 200, explanation="Hard"))


def study_of(
    name="PHANTOM, ADA", number="MK-0001", date="20240611", uid="", modality="CT", images=1
) -> Study:
    uid = uid or f"{number}.{date}.{modality}"
    instances = tuple(
        Instance(Path(f"/{uid}/{n}.dcm"), f"{uid}.{n}", n, 1, 40, 60, modality, "CHEST", "PA")
        for n in range(images)
    )
    series = Series(f"{uid}.s", 1, modality, "Axial 5 mm", instances)
    return Study(uid, name, number, "F", "061Y", date, "Chest", "", (series,))


def film_of(
    study: Study | None = None,
    *,
    image=0,
    shape=(40, 60),
    voi=WINDOWS,
    photometric=Photometric.MONOCHROME2,
    spacing: Spacing | None = None,
    orientation=("L", "F"),
    frame_rate=0.0,
) -> Film:
    study = study or study_of()
    rng = np.random.default_rng(image)
    stored = rng.integers(0, 1000, shape).astype(np.uint16)
    frame = Frame(stored, photometric, 12, voi=voi, spacing=spacing)
    instance = replace(study.instances[image], orientation=orientation, frame_rate=frame_rate)
    address = FilmAddress(instance.path, 0)
    return Film(frame, study, instance, address, (image + 1, len(study.instances)))
