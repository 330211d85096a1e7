"""Steps per second with no, live and remembered teachers, and of timm's own distillation task.

    python tests/benchmarks/distillation.py
    python tests/benchmarks/distillation.py --width 1 --image-size 224 --json steps.json

Every way trains the same student on the same drawn films, batches and augmentation, in turns. Ours
are whole jobs, timed by their own events, so that augmenting, checks, events and clipping are in
it; the first epoch of a job, which warms up, is not counted, validation and checkpoints neither.
timm's task has one teacher and is to be compared with ours of that one teacher; its loop here is
the shortest that could be written. "asked once" is how long it took to prepare the job whose
teachers were asked before the first step: the next student finds their answers there.

"to plain" is the median of the ratios, repeat by repeat, to the student without teachers, which
must be among the ways.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from timm.task import LogitDistillationTask
from torch import nn

from medkd_core.datasets.phantom_files import write_covid_qu_ex
from medkd_core.distillation.data import augmentation_kind, epoch_indices, training_batches
from medkd_core.distillation.inputs import network_inputs
from medkd_core.distillation.loop.ready import Run
from medkd_core.distillation.loop.trainer import Trainer
from medkd_core.distillation.preparation import prepare
from medkd_core.distillation.reporting import Reporter
from medkd_core.distillation.run import run_job
from medkd_core.distillation.signals.finding import load_network
from medkd_core.engines.devices import cpu_name
from medkd_core.imaging.recipe import View
from medkd_core.jobs.events import EventLog, StepDone
from medkd_core.jobs.result import read_result
from medkd_core.jobs.spec import (
    DataSpec,
    DistillationSpec,
    JobSpec,
    NetworkSpec,
    TeacherSpec,
    TrainingSpec,
)
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import JobStore

TEACHERS = ("densenet201", "visformer_s", "autoformer_v2_t")
PLAIN = "student alone"
TIMM = "timm, one live teacher"
_TRAIN_FILMS = {"train": 64, "validation": 4, "test": 4}
"""Of each of three classes."""


@dataclass(frozen=True)
class Way:
    """A name and what the student's specification says of its teachers."""

    name: str
    teachers: int
    distillation: DistillationSpec = field(default_factory=DistillationSpec)


WAYS = (
    Way(PLAIN, 0),
    Way("one live teacher", 1),
    Way("three live teachers", 3),
    Way("three remembered teachers", 3, DistillationSpec(remember=True)),
    Way(
        "three remembered, features too",
        3,
        DistillationSpec(remember=True, feature_weight=1.0),
    ),
    Way(
        "three remembered, maps too",
        3,
        DistillationSpec(remember=True, explanation_weight=1.0, explanation_warmup_epochs=0),
    ),
)


def main() -> None:
    """Measure every way in turns and print one table."""
    options = _options()
    torch.set_num_threads(options.threads)
    console = Console(width=100)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        bench = _Bench(Path(folder), options)
        console.print("Training the teachers, an epoch each", style="dim")
        bench.train_teachers()
        seconds: dict[str, list[float]] = {}
        for repeat in range(options.repeats):
            for name, measure in bench.ways():
                console.print(f"{name}, run {repeat + 1}", style="dim")
                seconds.setdefault(name, []).append(measure())
                if options.json:
                    options.json.write_text(json.dumps({"seconds": seconds, "asked": bench.asked}))
        console.print(_table(seconds, bench.asked, options.batch_size))
    console.print(
        f"{cpu_name()}, {options.threads} threads; OFA-595 of width {options.width} at "
        f"{options.image_size} px, batches of {options.batch_size}, median of {options.repeats}."
    )


class _Bench:
    """Drawn films, finished teachers, and a way to time the steps of a student."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self._options = options
        self._films = folder / "films"
        self._store = JobStore(folder / "jobs")
        self._teachers: list[str] = []
        self.asked: dict[str, float] = {}
        """Seconds that remembering took, by way; of its first time."""
        write_covid_qu_ex(self._films, _TRAIN_FILMS, seed=0, side=options.image_size)

    def train_teachers(self) -> None:
        """One epoch of each: speed does not depend on what they know."""
        for name in TEACHERS:
            job = self._store.create(self._spec("teacher", name, ()))
            if run_job(job).status is not JobStatus.COMPLETED:
                raise SystemExit(job.state().message)
            self._teachers.append(str(job.folder))

    def ways(self) -> Iterable[tuple[str, Callable[[], float]]]:
        """Name and measurement of each that was asked for, in the order of the table."""
        for way in WAYS:
            if way.name in self._options.ways:
                yield way.name, lambda way=way: self._ours(way)
        if TIMM in self._options.ways:
            yield TIMM, self._timm

    def _ours(self, way: Way) -> float:
        """Seconds a step, from the events of a real job."""
        spec = self._spec("distill" if way.teachers else "student", "ofa_595", way)
        job = self._store.create(spec)
        started = time.perf_counter()
        with EventLog(job.events_path) as log:
            reporter = Reporter(job, log)
            run = prepare(job, reporter)
            if way.distillation.remember:
                self.asked.setdefault(way.name, time.perf_counter() - started)
            Trainer(run, reporter).train()
        steps = [event for event in job.events() if isinstance(event, StepDone) and event.epoch > 1]
        # An event tells the mean speed since the one before it.
        return _seconds_a_step(steps, run.batch_size)

    def _timm(self) -> float:
        """Seconds a step of timm's task with the first teacher, on the batches that ours sees."""
        job = self._store.get(self._teachers[0])
        teacher = load_network(job, read_result(job.result_folder))
        student_job = self._store.create(self._spec("student", "ofa_595", ()))
        with EventLog(student_job.events_path) as log:
            run = prepare(student_job, Reporter(student_job, log))
        for network in (run.network, teacher):
            # What timm asks of its own networks.
            network.num_classes, network.in_chans = len(run.dataset.classes), 3
            network.pretrained_cfg = {"mean": run.recipe.mean, "std": run.recipe.std}
        task = LogitDistillationTask(
            run.network,
            teacher.to(memory_format=torch.channels_last),
            criterion=nn.CrossEntropyLoss(),
            task_loss_weight=0.3,
            temperature=4.0,
            verbose=False,
        )
        _timm_epoch(run, task, 0)
        started = time.perf_counter()
        steps = sum(_timm_epoch(run, task, epoch) for epoch in range(1, self._options.epochs))
        return (time.perf_counter() - started) / steps

    def _spec(self, kind: str, network: str, way: Way | tuple[()]) -> JobSpec:
        options = self._options
        way = way or Way("", 0)
        return JobSpec(
            kind=kind,
            data=DataSpec(kind="covid-qu-ex", root=self._films),
            view=View(fit="stretch"),
            network=NetworkSpec(name=network, width=options.width, image_size=options.image_size),
            teachers=tuple(TeacherSpec(job=job) for job in self._teachers[: way.teachers]),
            training=TrainingSpec(
                epochs=1 if kind == "teacher" else options.epochs,
                batch_size=options.batch_size,
                warmup_epochs=0,
                device="cpu",
            ),
            distillation=way.distillation,
        )


def _timm_epoch(run: Run, task: LogitDistillationTask, epoch: int) -> int:
    spec = run.job.spec
    images = epoch_indices(len(run.train), run.batch_size, spec.seed, epoch)
    batches = training_batches(run.train, images, spec.seed, epoch, augmentation_kind(spec))
    task.train()
    for step, batch in enumerate(batches):
        size = len(batch.labels)
        run.draws.begin((spec.seed, epoch, step), slice(0, size), size)
        loss = task(network_inputs(batch.squares, run.recipe), batch.labels)["loss"]
        run.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(run.network.parameters(), spec.training.gradient_clip)
        run.optimizer.step()
    return len(images)


def _seconds_a_step(steps: list[StepDone], batch_size: int) -> float:
    """Of events that tell a mean speed each, weighted by the steps that they sum up."""
    total, seconds, before = 0, 0.0, 0
    for event in steps:
        done = event.step - before if event.step > before else event.step
        total, before = total + done, event.step % event.steps
        seconds += done * batch_size / event.images_per_second
    return seconds / total


def _table(seconds: dict[str, list[float]], asked: dict[str, float], batch_size: int) -> Table:
    table = Table("way", "seconds a step", "images/s", "to plain", "asked once, s", box=None)
    for name, runs in seconds.items():
        ratios = [own / plain for own, plain in zip(runs, seconds[PLAIN], strict=True)]
        median = statistics.median(runs)
        table.add_row(
            name,
            f"{median:.3f}",
            f"{batch_size / median:.1f}",
            f"{statistics.median(ratios):.2f}",
            f"{asked[name]:.1f}" if name in asked else "",
        )
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    every = [*(way.name for way in WAYS), TIMM]
    parser.add_argument("--ways", nargs="+", default=every, choices=every)
    parser.add_argument("--width", type=float, default=0.5)
    parser.add_argument("--image-size", type=int, default=96)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=3, help="the first is not counted")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser.parse_args()


if __name__ == "__main__":
    main()
