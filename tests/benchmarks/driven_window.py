"""The real window in a process of its own, driven as a person drives it; prints JSON.

`viewer.py` starts it once for each task. Events enter where the window system hands them to Qt, so
everything from there to the painted picture is timed.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "viewer"))

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView, QWidget

Figures = dict[str, object]
SIZE = "1920x1080"
STUDIES = 10_000
_PATIENCE_S = 120
_BUTTONS = {
    "window": Qt.MouseButton.LeftButton,
    "pan": Qt.MouseButton.MiddleButton,
    "zoom": Qt.MouseButton.RightButton,
    "point": None,
}


class Paints(QObject):
    """Counts how often each of some widgets was painted."""

    def __init__(self, widgets: list[QWidget]) -> None:
        super().__init__()
        self.counts = dict.fromkeys(widgets, 0)
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Paint:
            self.counts[watched] += 1  # type: ignore[index]
        return False

    def stop(self) -> None:
        for widget in self.counts:
            widget.removeEventFilter(self)

    def all_beyond(self, before: dict[QWidget, int]) -> bool:
        return all(self.counts[widget] > before[widget] for widget in self.counts)


def wait_until(done: Callable[[], object], seconds: float = _PATIENCE_S) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("The window did not come to where the benchmark waits for it")
        QApplication.processEvents()


def rest(seconds: float) -> None:
    """Let the event loop run."""
    deadline = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > deadline)


# the tasks


def open_film(window, folder: Path, repeats: int) -> Figures:
    """Film after film, each from being asked for to its first pixel on the screen."""
    pane, seconds = window.room.panes.film_pane, []
    rest(2)
    shown: list[int] = []
    window.room.state.film_changed.connect(lambda: shown.append(paints.counts[pane]))
    for path in sorted(folder.glob("*.dcm"))[:repeats]:
        paints = Paints([pane])
        shown.clear()
        start = time.perf_counter()
        window.open_paths([path])
        wait_until(lambda: shown and window.room.state.film is not None)
        wait_until(lambda paints=paints: paints.counts[pane] > shown[-1])
        seconds.append(time.perf_counter() - start)
        paints.stop()
        rest(0.5)
    return {"seconds": seconds, **maps_settled(window)}


def drag(window, folder: Path, repeats: int) -> Figures:
    """Window, pan and zoom, in two panes and in five; cross-hair in five."""
    open_first(window, folder)
    answer: Figures = {"settled": maps_settled(window)}
    for panes in (5, 2):
        if panes == 2:
            show_two(window)
            maps_settled(window)
        for what, button in _BUTTONS.items():
            answer[f"{what} {panes}"] = dragged(window, button, repeats)
    return answer


def scroll(window, folder: Path, repeats: int) -> Figures:
    """A list of 10,000 studies, a notch of the wheel at a time."""
    window.room.library.add(many_studies(folder))
    watch = new_watch()
    watch.start()
    window.room.studies.refresh()
    rest(0.5)
    watch.stop()
    view = window.room.studies.findChild(QListView)
    viewport, handle = view.viewport(), window.windowHandle()
    place = QPointF(viewport.mapTo(window, viewport.rect().center()))
    paints = Paints([viewport])

    def notch() -> None:
        QTest.wheelEvent(handle, place, QPoint(0, -120 * 5))

    steps = [timed(notch, paints) for _ in range(repeats)]
    return {"filling": stall_figures(watch), **step_figures(steps)}


def open_many(window, folder: Path, repeats: int) -> Figures:
    """1,000 files, and how long the window did not answer meanwhile."""
    rest(2)
    count = len(list(folder.glob("*.dcm")))
    with watched() as stalls:
        start = time.perf_counter()
        window.open_paths([folder])
        wait_until(lambda: len(window.room.library.studies) >= count)
        wait_until(lambda: window.room.state.film is not None)
        seconds = time.perf_counter() - start
        rest(2)
    return {"files": count, "seconds": seconds, "stalls": stalls}


def maps(window, folder: Path, repeats: int) -> Figures:
    """The maps of a film, and how long the window did not answer meanwhile."""
    rest(2)
    with watched() as stalls:
        open_first(window, folder)
        settled = maps_settled(window)
        rest(0.5)
    return {"stalls": stalls, **settled}


def footprint(window, folder: Path, repeats: int) -> Figures:
    """Memory and idle processor time of the window and its children, a film and its maps shown."""
    import os

    from process_tree import memory_of, processor_seconds

    open_first(window, folder)
    settled = maps_settled(window)
    rest(2)
    before = processor_seconds(os.getpid())
    rest_idle(5.0)
    idle = (processor_seconds(os.getpid()) - before) / 5.0
    return {"memory": memory_of(os.getpid()), "idle": idle, **settled}


def rest_idle(seconds: float) -> None:
    """Let the event loop sleep, as it does when nobody touches the window."""
    from PySide6.QtCore import QEventLoop

    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


# what the tasks share


def open_first(window, folder: Path) -> None:
    window.open_paths([sorted(folder.glob("*.dcm"))[0]])
    wait_until(lambda: window.room.state.film is not None)


def maps_settled(window) -> Figures:
    start = time.perf_counter()
    wait_until(lambda: window.opinion.settled)
    done = sum(view.map is not None for view in window.opinion.views.values())
    return {"maps": done, "maps_seconds": time.perf_counter() - start}


def show_two(window) -> None:
    """The film and the student beside each other."""
    panes = window.room.panes
    window.actions_by_name["layout_two"].trigger()
    QApplication.processEvents()
    if len(shown_panes(window)) != 2:
        name, view = next(iter(window.opinion.views.items()))
        panes.show_networks({name: view})
    rest(0.3)
    if len(shown_panes(window)) != 2:
        raise AssertionError(f"{len(shown_panes(window))} panes are shown instead of two")


def shown_panes(window) -> list[QWidget]:
    from medkd_viewer.reading.pane import FilmPane

    return [pane for pane in window.findChildren(FilmPane) if pane.isVisible()]


def dragged(window, button: Qt.MouseButton | None, repeats: int) -> Figures:
    """Drag over the film; each step from the mouse event to the last pane's painted picture."""
    handle, pane = window.windowHandle(), window.room.panes.film_pane
    middle = pane.mapTo(window, pane.rect().center())
    paints = Paints(shown_panes(window))
    if button is not None:
        QTest.mousePress(handle, button, Qt.KeyboardModifier.NoModifier, middle)
        # The first pixels may still become a click, which opens a menu, and paint nothing.
        QTest.mouseMove(handle, middle + QPoint(20, 10))
        rest(0.05)
    steps = []
    for number in range(1, repeats + 1):
        away = 40 - abs(number % 80 - 40)
        place = middle + QPoint(away * 2, away)
        steps.append(timed(lambda place=place: QTest.mouseMove(handle, place), paints))
    if button is not None:
        QTest.mouseRelease(handle, button, Qt.KeyboardModifier.NoModifier, middle)
    paints.stop()
    QTest.keyClick(window.room.panes.film_pane, Qt.Key.Key_F)
    rest(0.2)
    return {"panes": len(paints.counts), **step_figures(steps)}


def timed(step: Callable[[], None], paints: Paints) -> tuple[float, float]:
    """Seconds on the clock and on the processors until everything was painted anew."""
    before = dict(paints.counts)
    wall, own = time.perf_counter(), time.process_time()
    step()
    deadline = wall + 1.0
    while not paints.all_beyond(before) and time.perf_counter() < deadline:
        QApplication.processEvents()
    return time.perf_counter() - wall, time.process_time() - own


def step_figures(steps: list[tuple[float, float]]) -> Figures:
    wall, own = (sorted(side) for side in zip(*steps, strict=True))
    return {
        "median": median(wall),
        "p95": wall[int(len(wall) * 0.95)],
        "worst": wall[-1],
        "processor": median(own),
    }


@contextmanager
def watched() -> Iterator[Figures]:
    watch, figures = new_watch(), {}
    watch.start()
    yield figures
    watch.stop()
    figures.update(stall_figures(watch))


def new_watch():
    from event_loop_watch import EventLoopWatch

    return EventLoopWatch()


def stall_figures(watch) -> Figures:
    return {"own": watch.worst.own_s, "wall": watch.worst_wall_s, "seen": watch.worst.seen}


def many_studies(folder: Path):
    """10,000 studies whose pictures are the files of a folder."""
    from dataclasses import replace

    from medkd_core.imaging.searching import find_studies

    found = find_studies([folder])
    studies = [
        replace(study, uid=f"{study.uid}.{turn}")
        for turn in range(-(-STUDIES // len(found.studies)))
        for study in found.studies
    ]
    return replace(found, studies=tuple(studies[:STUDIES]))


TASKS = {
    "open": open_film,
    "drag": drag,
    "scroll": scroll,
    "open_many": open_many,
    "maps": maps,
    "footprint": footprint,
}


def main() -> int:
    task, folder, repeats = TASKS[sys.argv[1]], Path(sys.argv[2]), int(sys.argv[3])
    # Made here, so that a timer can be set before the viewer runs its loop.
    application = QApplication(["medkd-viewer"])
    answer: Figures = {}

    def begin() -> None:
        from medkd_viewer.main_window import MainWindow

        (window,) = (w for w in application.topLevelWidgets() if isinstance(w, MainWindow))
        try:
            answer.update(task(window, folder, repeats))
        finally:
            window.close()

    QTimer.singleShot(0, begin)
    from medkd_viewer.app import main as run_viewer

    status = run_viewer(["--size", SIZE])
    json.dump(answer, sys.stdout)
    return status or not answer
