"""Data sets as commands load them: with a bar where that takes minutes."""

from __future__ import annotations

from medkd_core.cli.console import progress_bar
from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.record import Dataset
from medkd_core.jobs.spec import DataSpec


def load_with_bar(spec: DataSpec, seed: int) -> Dataset:
    """As `load_dataset`; the bar runs while DICOM headers are read or copies are looked for."""
    with progress_bar("Looking into every file") as update:
        return load_dataset(spec, seed, update)
