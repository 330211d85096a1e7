"""Real films, the real window, and a drawn worker at the process border."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parent))

try:
    import PySide6.QtSvg
    import PySide6.QtWidgets  # noqa: F401
except ImportError as error:
    _missing_qt = str(error)
else:
    _missing_qt = ""

if _missing_qt:
    collect_ignore_glob = ["test_*.py"]


def pytest_report_header() -> str:
    return f"viewer tests left out, Qt cannot be loaded: {_missing_qt}" if _missing_qt else ""


@pytest.fixture
def full_disk(monkeypatch) -> Callable[[], AbstractContextManager[None]]:
    """A context in which no file can be written to the disk."""

    @contextmanager
    def full() -> Iterator[None]:
        def refuse(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", refuse)
            yield

    return full


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two phantom studies, a PNG, and a file that holds no picture."""
    import cv2

    from medkd_core.datasets.phantom import draw_phantom
    from medkd_core.datasets.phantom_dicom import FictitiousPatient, write_dicom_study

    folder = tmp_path_factory.mktemp("films")
    for seed, label, name in ((1, "Non-COVID", "PHANTOM^ADA"), (2, "Normal", "PHANTOM^BEN")):
        phantom = draw_phantom(seed, label, side=256)
        patient = FictitiousPatient(name, f"MK-{seed:04d}", "F", "061Y")
        write_dicom_study(folder / f"{name[8:].lower()}.dcm", phantom, patient=patient)
    cv2.imwrite(str(folder / "photo.png"), (phantom.film * 255).astype("u1"))
    (folder / "notes.dcm").write_text("This is no picture.")
    return folder


@pytest.fixture(scope="session")
def pool() -> Iterator[object]:
    from medkd_core.imaging.decoding.pool import DecoderPool

    with DecoderPool() as decoders:
        yield decoders


@pytest.fixture
def desk(qtbot, pool, tmp_path, monkeypatch) -> Iterator[object]:
    """The whole window with its worker in hand."""
    from reading_desk import ReadingDesk

    monkeypatch.setenv("MEDKD_JOBS", str(tmp_path / "jobs"))
    desk = ReadingDesk(qtbot, pool)
    yield desk
    desk.close()
