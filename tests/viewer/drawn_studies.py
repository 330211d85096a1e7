"""Studies without files, for what needs no pixels, and decoders that only note what is asked."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

from medkd_core.imaging.study import Instance, Series, Study


def drawn_instance(name: str, number: int, *, frames: int = 1, **said) -> Instance:
    said = {"modality": "DX", "body_part": "CHEST", "view": "PA"} | said
    return Instance(
        Path(f"{name}-{number}.dcm"), f"{name}.{number}", number, frames, 10, 10, **said
    )


def drawn_series(uid: str, count: int = 1, *, modality: str = "DX", frames: int = 1, **said):
    instances = tuple(
        drawn_instance(uid, n + 1, frames=frames, modality=modality) for n in range(count)
    )
    return Series(uid, said.pop("number", 1), modality, said.pop("description", ""), instances)


def drawn_report(uid: str) -> Series:
    said = {"kind": "Basic Text SR", "description": "Findings"}
    report = drawn_instance(uid, 1, frames=0, modality="SR", body_part="", view="", **said)
    return Series(uid, 9, "SR", "", (report,))


def drawn_study(uid: str, name: str = "PHANTOM, ADA", *series: Series, **said) -> Study:
    said = {"patient_id": f"MK-{uid}", "date": "20260101", "accession": ""} | said
    return Study(
        uid,
        name,
        said["patient_id"],
        "F",
        "061Y",
        said["date"],
        said.get("description", ""),
        said["accession"],
        series or (drawn_series(f"{uid}.1", 2),),
    )


class NotingPool:
    """Decoders that have no time yet: the process border."""

    def __init__(self) -> None:
        self.owed: list[tuple[Path, int, Future]] = []

    def decode(self, path, index, *, background=False) -> Future:
        self.owed.append((path, index, Future()))
        return self.owed[-1][2]

    def close(self) -> None:
        pass
