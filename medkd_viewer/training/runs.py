"""The runs of a jobs folder as a list to read: groups, words and figures. No widgets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from medkd_core.errors import JobError
from medkd_core.jobs.processes import ProcessIdentity
from medkd_core.jobs.state import JobState, JobStatus
from medkd_core.jobs.store import Job, JobStore, open_job
from medkd_viewer.training.words import state_note, title_of


class Group(Enum):
    """Where a run stands in the list."""

    RUNNING = "Running"
    WAITING = "Waiting"
    FINISHED = "Finished"


GROUPS = {
    JobStatus.RUNNING: Group.RUNNING,
    JobStatus.CANCELLING: Group.RUNNING,
    JobStatus.PAUSED: Group.RUNNING,
    JobStatus.QUEUED: Group.WAITING,
}
"""Group of a state; all others are finished."""

TONES = {
    JobStatus.RUNNING: "text",
    JobStatus.PAUSED: "caution",
    JobStatus.INTERRUPTED: "caution",
    JobStatus.FAILED: "failure",
    JobStatus.COMPLETED: "text",
}
"""Colour of a state's word, by its name in the theme; the others are quiet."""


@dataclass(frozen=True)
class Run:
    """A job with the state that was last seen.

    Attributes
    ----------
    job : Job or None
        None when the folder cannot be read; `problem` then says why.
    """

    folder: Path
    job: Job | None
    state: JobState | None
    problem: str = ""
    starting: bool = False
    """Its process was started and has not said yet that it runs."""

    @property
    def identifier(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @property
    def title(self) -> str:
        """What the list calls it."""
        return title_of(self.job.spec) if self.job else self.identifier

    @property
    def status(self) -> JobStatus | None:
        """None when the folder cannot be read."""
        return self.state.status if self.state else None

    @property
    def group(self) -> Group:
        """Where it stands in the list."""
        if self.starting:
            return Group.RUNNING
        return GROUPS.get(self.status, Group.FINISHED) if self.status else Group.FINISHED

    @property
    def tone(self) -> str:
        """Colour of the word, by its name in the theme."""
        if self.starting:
            return "text"
        return TONES.get(self.status, "second") if self.status else "failure"

    @property
    def word(self) -> str:
        """The figure or word that says how it is."""
        if self.state is None:
            return "damaged"
        if self.starting:
            return "starting"
        if self.status is JobStatus.RUNNING:
            return f"{self.progress:.0%}".replace("%", " %")
        if self.status is JobStatus.COMPLETED and self.state.best_metric is not None:
            return f"{self.state.best_metric:.3f}"
        return self.state_word

    @property
    def state_word(self) -> str:
        """Its state, as people say it."""
        if self.status is None:
            return "damaged"
        return "waiting" if self.status is JobStatus.QUEUED else self.status.value

    @property
    def note(self) -> str:
        """The second line."""
        if self.job is None or self.state is None:
            return self.problem
        return state_note(self.state)

    @property
    def progress(self) -> float:
        """Share of the epochs that are done, [0, 1]."""
        if self.state is None or not self.state.epochs:
            return 0.0
        return min(self.state.epoch / self.state.epochs, 1.0)


class Runs:
    """The runs of a store, read again only where something has changed.

    Parameters
    ----------
    store : JobStore
        Its folder need not exist yet.
    """

    def __init__(self, store: JobStore) -> None:
        self.store = store
        self.all: tuple[Run, ...] = ()
        """Newest first."""
        self.problem = ""
        """Why the folder of jobs cannot be read; empty when it can."""
        self.starting: dict[str, ProcessIdentity] = {}
        """Identifier and process number of the jobs that were started and do not run yet."""
        self._seen: dict[Path, tuple[int, Run]] = {}

    def refresh(self) -> bool:
        """Look at the folder; True when anything differs from the last look."""
        before = (self.all, self.problem)
        try:
            folders = self._job_folders()
            self.problem = ""
        except OSError as error:
            folders = []
            self.problem = f"The jobs in {self.store.root} cannot be read: {error.strerror}."
        self._seen = {folder: self._look(folder) for folder in folders}
        runs = [self._as_seen(run) for _, run in self._seen.values()]
        self.all = tuple(sorted(runs, key=_created, reverse=True))
        return (self.all, self.problem) != before

    def of_group(self, group: Group) -> list[Run]:
        """Runs of a group; the waiting ones in the order in which they will start."""
        found = [run for run in self.all if run.group is group]
        return found[::-1] if group is Group.WAITING else found

    def get(self, identifier: str) -> Run | None:
        """The run of that identifier, or None."""
        return next((run for run in self.all if run.identifier == identifier), None)

    def completed(self, kind: str | None = None) -> list[Run]:
        """Completed runs, newest first, of one kind or of all."""
        return [
            run
            for run in self.all
            if run.status is JobStatus.COMPLETED and run.job and kind in (None, run.job.spec.kind)
        ]

    def counts(self) -> str:
        """How many there are of each group, in words."""
        return " · ".join(f"{len(self.of_group(group))} {group.value.lower()}" for group in Group)

    def _job_folders(self) -> list[Path]:
        if not self.store.root.exists():
            return []
        return [
            folder
            for folder in self.store.root.iterdir()
            if not folder.name.startswith(".") and (folder / "spec.json").is_file()
        ]

    def _as_seen(self, run: Run) -> Run:
        if run.identifier not in self.starting:
            return run
        if run.status and run.status.is_active:
            del self.starting[run.identifier]
            return run
        return replace(run, starting=True)

    def _look(self, folder: Path) -> tuple[int, Run]:
        written = _written(folder / "state.json")
        known = self._seen.get(folder)
        if known and known[0] == written:
            run = known[1]
            # Whether its process is there, or its turn has come, is not written in its folder.
            if run.job is None or run.state is None or not run.job.is_under_way(run.state):
                return known
        return written, _read(folder, known[1].job if known else None)


def _read(folder: Path, job: Job | None) -> Run:
    try:
        job = job or open_job(folder)
        return Run(folder, job, job.state())
    except JobError as error:
        return Run(folder, None, None, f"{error.because.capitalize()}. {error.cure}".strip())


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _created(run: Run) -> tuple[str, str]:
    return (run.state.created.isoformat() if run.state else "", run.identifier)
