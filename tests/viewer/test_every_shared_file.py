"""Every real and damaged DICOM file at hand, opened one by one in the real window."""

from __future__ import annotations

import json
import os
import resource
from collections import Counter
from pathlib import Path

import pytest

from medkd_viewer.studies.library import images_of

pytestmark = pytest.mark.slow

SHARED_DICOM = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "dicom"
MEMORY_LIMIT_BYTES = 2 * 2**30


def test_every_file_is_shown_listed_or_refused_in_the_window(desk):
    if not SHARED_DICOM.is_dir():
        pytest.skip("the shared DICOM files are not here")
    desk.window.open_model(None)
    desk.window.open_paths([SHARED_DICOM])
    desk.wait(lambda: not desk.room.is_opening)
    outcomes = {refusal.path: "refused" for refusal in desk.room.library.refused.values()}
    for study in list(desk.room.library.studies.values()):
        outcomes |= {one.path: "no picture" for one in study.instances if one.frames == 0}
        for position, image in enumerate(images_of(study)):
            if image.frame == 0:
                outcomes[image.instance.path] = _open(desk, study, position)
    files = {path for path in SHARED_DICOM.rglob("*") if path.is_file()}
    unknown = files - set(outcomes)
    assert all(path.name.startswith("DICOMDIR") for path in unknown), unknown
    assert _peak_bytes() < MEMORY_LIMIT_BYTES
    _report(outcomes)


def _open(desk, study, position: int) -> str:
    desk.room.is_opening, desk.room.trouble = True, ""
    desk.room.opener.open(study, position)
    desk.wait(lambda: not desk.room.is_opening)
    if desk.state.film is not None:
        assert not desk.panes.film_pane.grab().isNull()
        return "shown"
    assert desk.room.trouble.rstrip().endswith(".")
    return "refused"


def _peak_bytes() -> int:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(one).ru_maxrss for one in who) * 1024


def _report(outcomes: dict[Path, str]) -> None:
    """Counts by folder and outcome, where the developer asked for them."""
    if place := os.environ.get("MEDKD_OUTCOMES"):
        counts = Counter((p.relative_to(SHARED_DICOM).parts[0], o) for p, o in outcomes.items())
        lines = {f"{folder}: {outcome}": n for (folder, outcome), n in sorted(counts.items())}
        Path(place).write_text(json.dumps(lines, indent=1))
