"""Every real and damaged DICOM file at hand, opened one by one in the real window."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path

import pytest

from medkd_viewer.studies.library import images_of

pytestmark = pytest.mark.slow

SHARED_DICOM = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "dicom"
MEMORY_LIMIT_BYTES = 2 * 2**30


def test_every_file_is_shown_listed_or_refused_in_the_window(desk, pool):
    if not SHARED_DICOM.is_dir():
        pytest.skip("the shared DICOM files are not here")
    # Other tests of this process have used memory before.
    before = _memory_bytes("self", "VmRSS")
    desk.window.open_model(None)
    desk.window.open_paths([SHARED_DICOM])
    desk.wait(lambda: not desk.room.is_opening and not desk.room.intake.is_looking)
    outcomes = {refusal.path: "refused" for refusal in desk.room.library.refused.values()}
    for study in list(desk.room.library.studies.values()):
        outcomes |= {one.path: "no picture" for one in study.instances if one.frames == 0}
        for position, image in enumerate(images_of(study)):
            if image.frame == 0:
                outcomes[image.instance.path] = _open(desk, study, position)
    files = {path for path in SHARED_DICOM.rglob("*") if path.is_file()}
    unknown = files - set(outcomes)
    assert all(path.name.startswith("DICOMDIR") for path in unknown), unknown
    grown = _memory_bytes("self", "VmRSS") - before
    decoders = sum(_memory_bytes(str(child), "VmHWM") for child in pool.process_ids())
    assert grown + decoders < MEMORY_LIMIT_BYTES
    _report(outcomes)


def _open(desk, study, position: int) -> str:
    desk.room.is_opening, desk.room.trouble = True, ""
    desk.room.opener.open(study, position)
    desk.wait(lambda: not desk.room.is_opening)
    if desk.state.film is not None:
        assert not desk.panes.film_pane.grab().isNull()
        return "shown"
    assert str(desk.room.trouble).rstrip().endswith(".")
    return "refused"


def _memory_bytes(process: str, figure: str) -> int:
    """What Linux says a process holds (VmRSS) or has held at most (VmHWM); elsewhere 0."""
    status = Path("/proc", process, "status")
    found = re.search(rf"{figure}:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(found[1]) * 1024 if found else 0


def _report(outcomes: dict[Path, str]) -> None:
    """Counts by folder and outcome, where the developer asked for them."""
    if place := os.environ.get("MEDKD_OUTCOMES"):
        counts = Counter((p.relative_to(SHARED_DICOM).parts[0], o) for p, o in outcomes.items())
        lines = {f"{folder}: {outcome}": n for (folder, outcome), n in sorted(counts.items())}
        Path(place).write_text(json.dumps(lines, indent=1))
