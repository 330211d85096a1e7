"""What happened in a job, one JSON object a line, in a file that only grows.

Every event has a number `seq`, counting from 1 without gaps, and a `time` in seconds since 1970
(UTC). A line that a killed process did not finish is ignored by readers and cut off by the next
writer. A run that goes on from its last checkpoint tells the steps after it again: of two events on
one epoch or step the later one counts.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from medkd_core.errors import JobError
from medkd_core.jobs.state import JobStatus


class _Event(BaseModel):
    # Infinity and NaN are no JSON numbers; a diverging loss must still be told.
    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    seq: int = 0
    time: float = 0.0


class Started(_Event):
    """A process begins, or goes on after `epoch` epochs and `step` steps of the next one."""

    type: Literal["started"] = "started"
    settings: dict[str, str]
    """What was settled before the first step: device, precision, images, classes, ..."""
    epoch: int = 0
    step: int = 0


class StepDone(_Event):
    """A step of the optimiser: `step` of `steps` in `epoch`, all counted from 1."""

    type: Literal["step"] = "step"
    epoch: int
    step: int
    steps: int
    losses: dict[str, float]
    """``total``, and its parts ``hard`` and ``soft``, means since the last such event."""
    images_per_second: float


class EpochDone(_Event):
    """An epoch and its validation; rates are in [0, 1]."""

    type: Literal["epoch"] = "epoch"
    epoch: int
    train_loss: float
    validation_loss: float
    macro_f1: float
    balanced_accuracy: float
    accuracy: float
    confusion: list[list[int]]
    """Validation images, rows: true class, columns: decided class."""
    learning_rate: float
    seconds: float


class CheckpointSaved(_Event):
    """A checkpoint is on the disk, whole."""

    type: Literal["checkpoint"] = "checkpoint"
    kind: Literal["best", "last"]
    epoch: int


class Message(_Event):
    """A sentence for the user."""

    type: Literal["message"] = "message"
    text: str


class Finished(_Event):
    """The process ends its work on the job."""

    type: Literal["finished"] = "finished"
    status: JobStatus
    message: str = ""


Event = Annotated[
    Started | StepDone | EpochDone | CheckpointSaved | Message | Finished,
    Field(discriminator="type"),
]
_EVENT: TypeAdapter[Event] = TypeAdapter(Event)


class EventReader:
    """Reads a growing file of events; each call gives what is new.

    Parameters
    ----------
    path : Path
        May not exist yet.
    after_seq : int
        Events up to this number are left out.
    """

    def __init__(self, path: Path, after_seq: int = 0) -> None:
        self._path = path
        self._after_seq = after_seq
        self._seq = 0
        self.offset = 0
        """Bytes read so far: the end of the last whole event."""

    @property
    def last_seq(self) -> int:
        """Number of the last event read; 0 before the first."""
        return self._seq

    def read(self) -> list[Event]:
        """Events that were written since the last call, in order.

        Raises
        ------
        JobError
            A line in the middle of the file is damaged or missing.
        """
        events = [event for event in map(self._parse, self._whole_lines()) if event is not None]
        return [event for event in events if event.seq > self._after_seq]

    def _whole_lines(self) -> list[bytes]:
        try:
            with self._path.open("rb") as file:
                file.seek(self.offset)
                text = file.read()
        except FileNotFoundError:
            return []
        return text.splitlines(keepends=True)

    def _parse(self, line: bytes) -> Event | None:
        if not line.endswith(b"\n"):
            return None
        try:
            event = _EVENT.validate_json(line)
        except ValidationError as error:
            raise self._damaged(f"the line after event {self._seq} is not an event") from error
        if event.seq != self._seq + 1:
            raise self._damaged(f"event {event.seq} follows event {self._seq}")
        self._seq = event.seq
        self.offset += len(line)
        return event

    def _damaged(self, reason: str) -> JobError:
        return JobError(
            "Cannot read the events of a job from",
            path=self._path,
            because=reason,
            cure="The file was changed or damaged; the job's result is not affected.",
        )


class EventLog:
    """Appends events to a job's file; use as a context manager.

    Opening reads what is there, so that numbers go on, and cuts off a torn last line.

    Raises
    ------
    JobError
        The file is damaged before its last line.
    """

    def __init__(self, path: Path) -> None:
        reader = EventReader(path)
        reader.read()
        self._seq = reader.last_seq
        # Unbuffered: what a full disk did not take must not come back with the next event.
        self._file = path.open("ab", buffering=0)
        self._file.truncate(reader.offset)
        self._end = reader.offset

    def append(self, event: Event) -> Event:
        """Write an event; returns it with its number and time.

        Parameters
        ----------
        event : Event
            Its `seq` and `time` are set here.

        Raises
        ------
        OSError
            The disk refuses; the file is as it was.
        """
        numbered: Event = event.model_copy(update={"seq": self._seq + 1, "time": time.time()})
        line = numbered.model_dump_json().encode() + b"\n"
        try:
            self._write(line)
            if not isinstance(event, StepDone):  # steps are many, and the next event syncs them too
                os.fsync(self._file.fileno())
        except OSError:
            self._file.truncate(self._end)
            raise
        self._seq += 1
        self._end += len(line)
        return numbered

    def _write(self, line: bytes) -> None:
        while line:
            line = line[self._file.write(line) :]

    def __enter__(self) -> EventLog:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
