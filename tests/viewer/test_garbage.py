"""What nobody needs any more dies in the window's thread."""

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QObject

from medkd_viewer.garbage import GarbageCollection


class Knot:
    """Refers to itself, so that only a search for garbage finds it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collection(qapp):
    parent = QObject()
    yield GarbageCollection(parent)
    parent.deleteLater()
    gc.enable()
    gc.unfreeze()


def test_garbage_waits_for_the_windows_thread(collection, qtbot):
    died_in: list[int] = []
    weakref.finalize(Knot(), lambda: died_in.append(threading.get_ident()))
    kept: list[list[int]] = []
    many = threading.Thread(target=lambda: kept.extend([] for _ in range(100_000)))
    many.start()
    many.join()
    assert not died_in
    qtbot.waitUntil(lambda: bool(died_in), timeout=10_000)
    assert died_in == [threading.get_ident()]
