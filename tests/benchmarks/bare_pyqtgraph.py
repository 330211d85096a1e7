"""The yardstick: the same film in bare pyqtgraph, without anything that a reading station has."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pydicom
import pyqtgraph
from driven_window import Figures, Paints, rest, step_figures, timed, wait_until
from PySide6.QtWidgets import QApplication

_SIZE = (1920, 1080)


def launch() -> None:
    """Print when a window with an empty image view was painted and its event loop first slept."""
    from launched_window import FirstSight

    application = QApplication(["bare"])
    sight = FirstSight(application)
    view = pyqtgraph.ImageView()
    view.resize(*_SIZE)
    view.show()
    application.exec()
    sys.stdout.write(f"{sight.painted} {sight.usable}")


def open_film(folder: Path, repeats: int) -> Figures:
    """Film after film into an image view, decoded in its own process; levels as stored."""
    view = pyqtgraph.ImageView()
    view.resize(*_SIZE)
    view.show()
    rest(0.5)
    paints, seconds = Paints([view.ui.graphicsView.viewport()]), []
    for path in sorted(folder.glob("*.dcm"))[:repeats]:
        start, before = time.perf_counter(), dict(paints.counts)
        film = pydicom.dcmread(path)
        view.setImage(film.pixel_array.T, levels=(1000, 15000))
        wait_until(lambda before=before: paints.all_beyond(before))
        seconds.append(time.perf_counter() - start)
        rest(0.2)
    return {"seconds": seconds}


def drag(folder: Path, repeats: int) -> Figures:
    """Levels changed a step at a time in two and in five views of one film."""
    film = pydicom.dcmread(sorted(folder.glob("*.dcm"))[0]).pixel_array
    return {f"window {count}": _dragged(film, count, repeats) for count in (2, 5)}


def _dragged(film, count: int, repeats: int) -> Figures:
    grid = pyqtgraph.GraphicsLayoutWidget()
    grid.resize(*_SIZE)
    items = []
    for number in range(count):
        box = grid.addViewBox(row=number // 3, col=number % 3, lockAspect=True)
        items.append(pyqtgraph.ImageItem(film, axisOrder="row-major"))
        box.addItem(items[-1])
    grid.show()
    rest(0.5)
    paints = Paints([grid.viewport()])

    def step(number: int) -> None:
        for item in items:
            item.setLevels((1000 + number, 15000 - number))

    steps = [timed(lambda n=n: step(n), paints) for n in range(1, repeats + 1)]
    grid.close()
    return step_figures(steps)


def main() -> None:
    """Run the task that the command line names; print JSON."""
    if sys.argv[1] == "launch":
        launch()
        return
    _application = QApplication(["bare"])
    task = {"open": open_film, "drag": drag}[sys.argv[1]]
    json.dump(task(Path(sys.argv[2]), int(sys.argv[3])), sys.stdout)
