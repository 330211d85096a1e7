"""How fast the real window is, and beside it bare pyqtgraph with the same films.

    python tests/benchmarks/viewer.py
    python tests/benchmarks/viewer.py --only launch drag --repeats 20 --json viewer.json
    python tests/benchmarks/viewer.py --code ../earlier

Each task has a process of its own, on a virtual screen (Xvfb) where there is one. It draws its own
data. "Processor" is what a step took of all threads of the window's process: it says more than the
clock when other programs run. Stalls are given as the program's own and as the clock saw them
(see `tests/viewer/event_loop_watch.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drawn_films import SYNTAXES, write_large_films, write_small_films
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = 1_000
_LIMIT_S = 300

Row = tuple[str, str, str, str]
"""What was measured, MedKD, bare pyqtgraph, the goal."""


class Bench:
    """Runs tasks in processes of their own and keeps what they answer.

    Parameters
    ----------
    folder : Path
        For the films, and for what each viewer remembers.
    environment : dict
        Of the processes.
    repeats : int
        Steps of a drag; films and launches are fewer.
    """

    def __init__(self, folder: Path, environment: dict[str, str], repeats: int) -> None:
        self.folder, self.repeats = folder, repeats
        self.answers: dict[str, Any] = {}
        self._environment = environment

    def ask(self, module: str, task: str, films: Path, repeats: int) -> Any:
        """What a task prints."""
        words = [task, str(films), str(repeats)]
        answer = json.loads(self._run(module, words))
        self.answers[" ".join((module, task, films.name))] = answer
        return answer

    def launch(self, module: str) -> list[float]:
        """Seconds from the start of a process to a window that can be used, the first left out."""
        seconds = []
        for _ in range(max(3, self.repeats // 10) + 1):
            start = time.monotonic()
            seconds.append(float(self._run(module, ["launch"]).split()[1]) - start)
        self.answers[f"{module} launch"] = seconds
        return seconds[1:]

    def large(self, syntax: str) -> Path:
        """A folder of large films."""
        folder = self.folder / syntax.replace(" ", "-")
        if not folder.exists():
            write_large_films(folder, syntax, max(3, self.repeats // 10))
        return folder

    def small(self) -> Path:
        """A folder of 1,000 small films."""
        folder = self.folder / "small"
        if not folder.exists():
            write_small_films(folder, FILES)
        return folder

    def _run(self, module: str, words: list[str]) -> str:
        # No file as the main module: the viewer's children would import it.
        program = f"import sys; from {module} import main; sys.exit(main())"
        done = subprocess.run(
            [sys.executable, "-c", program, *words],
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            env=self._environment | self._places(),
            cwd=self.folder,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{module} {words[0]} failed:\n{done.stderr[-2000:]}")
        return done.stdout

    def _places(self) -> dict[str, str]:
        """A home of its own for each process, so that none opens what the last one left."""
        home = tempfile.mkdtemp(dir=self.folder)
        names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "MEDKD_JOBS")
        return dict.fromkeys(names, home)


def launch(bench: Bench) -> Iterator[Row]:
    """Process start to a painted window whose event loop has nothing left to do."""
    ours, bare = bench.launch("launched_window"), bench.launch("bare_pyqtgraph")
    yield "launch to usable window", _seconds(ours), _seconds(bare), "1.5 s"


def open_films(bench: Bench) -> Iterator[Row]:
    """A large film from being asked for to its first pixel, by transfer syntax."""
    for syntax in SYNTAXES:
        films = bench.large(syntax)
        ours, bare = (bench.ask(m, "open", films, bench.repeats)["seconds"] for m in _BOTH)
        goal = "0.5 s" if syntax == "native" else ""
        yield f"open to first pixel, {syntax}", _seconds(ours), _seconds(bare), goal


def drag(bench: Bench) -> Iterator[Row]:
    """Mouse event to painted picture, for each thing that a drag can do."""
    films = bench.large("native")
    ours, bare = (bench.ask(m, "drag", films, bench.repeats) for m in _BOTH)
    for panes in (2, 5):
        for what in ("window", "pan", "zoom", "point"):
            name = f"{what} {panes}"
            goal = "16 ms" if what == "window" else ""
            words = _step(bare[name]) if name in bare else ""
            yield f"{_MOTIONS[what]}, {panes} panes", _step(ours[name]), words, goal


def scroll(bench: Bench) -> Iterator[Row]:
    """A list of 10,000 studies."""
    answer = bench.ask("driven_window", "scroll", bench.small(), bench.repeats)
    yield "scroll of 10,000 studies, a step", _step(answer), "", ""
    yield "filling the list with 10,000, worst stall", _stall(answer["filling"]), "", "100 ms"


def open_many(bench: Bench) -> Iterator[Row]:
    """1,000 files at once."""
    answer = bench.ask("driven_window", "open_many", bench.small(), 1)
    pace = answer["files"] / answer["seconds"]
    yield "opening 1,000 files", f"{pace:,.0f} files/s", "", ""
    yield "opening 1,000 files, worst stall", _stall(answer["stalls"]), "", "100 ms"


def maps(bench: Bench) -> Iterator[Row]:
    """The maps of the demo model over a large film."""
    answer = bench.ask("driven_window", "maps", bench.large("native"), 1)
    made = f"{answer['maps']} in {answer['maps_seconds']:.1f} s"
    yield f"computing maps ({made}), worst stall", _stall(answer["stalls"]), "", "100 ms"


def footprint(bench: Bench) -> Iterator[Row]:
    """Memory and rest."""
    answer = bench.ask("driven_window", "footprint", bench.large("native"), 1)
    for process in answer["memory"]:
        size = f"{process['rss']:.0f} MB, {process['pss']:.0f} MB alone"
        yield f"memory, {process['name']}", size, "", ""
    yield "idle, all processes", f"{answer['idle']:.1%} of a core", "", ""


TASKS: dict[str, Callable[[Bench], Iterator[Row]]] = {
    "launch": launch,
    "open": open_films,
    "drag": drag,
    "scroll": scroll,
    "open_many": open_many,
    "maps": maps,
    "footprint": footprint,
}
_BOTH = ("driven_window", "bare_pyqtgraph")
_MOTIONS = {
    "window": "window drag",
    "pan": "pan drag",
    "zoom": "zoom drag",
    "point": "moving the cross-hair",
}


def main() -> None:
    """Run the tasks and print one table."""
    options = _options()
    console = Console()
    table = Table("", "MedKD", "bare pyqtgraph", "goal")
    with tempfile.TemporaryDirectory() as folder, _screen() as screen:
        environment = _environment(screen, options.code)
        bench = Bench(Path(folder), environment, options.repeats)
        for name in options.only:
            with console.status(name):
                for row in TASKS[name](bench):
                    table.add_row(*row)
    console.print(table)
    console.print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, "
        f"screen: {'Xvfb' if 'DISPLAY' in screen else 'offscreen'}; "
        "median · 95th percentile · processor time of a step",
        soft_wrap=True,
    )
    if options.json:
        options.json.write_text(json.dumps(bench.answers, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=60, help="steps of a drag")
    parser.add_argument("--only", nargs="+", choices=TASKS, default=list(TASKS), metavar="NAME")
    parser.add_argument("--json", type=Path, help="file for everything that was measured")
    parser.add_argument("--code", type=Path, default=ROOT, help="another checkout to measure")
    return parser.parse_args()


@contextmanager
def _screen() -> Iterator[dict[str, str]]:
    """Environment variables of a virtual screen, or of none."""
    if not shutil.which("Xvfb"):
        yield {"QT_QPA_PLATFORM": "offscreen"}
        return
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1080x24"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    try:
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        yield {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
    finally:
        server.terminate()
        server.wait()


def _environment(screen: dict[str, str], code: Path) -> dict[str, str]:
    path = os.pathsep.join((str(code.absolute()), str(HERE)))
    return {**os.environ, "PYTHONPATH": path, **screen}


def _seconds(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} s"


def _step(figures: dict[str, float]) -> str:
    names = ("median", "p95", "processor")
    return " · ".join(f"{figures[name] * 1000:.0f}" for name in names) + " ms"


def _stall(figures: dict[str, float]) -> str:
    return f"{figures['own'] * 1000:.0f} ms ({figures['wall'] * 1000:.0f} ms on the clock)"


if __name__ == "__main__":
    main()
