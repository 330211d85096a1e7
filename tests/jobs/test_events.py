"""The file of events: numbered without gaps, safe to tear, cheap to follow."""

import math
import os
from pathlib import Path

import pytest

from medkd_core.errors import JobError
from medkd_core.jobs.events import EventLog, EventReader, Message, StepDone


def write(path: Path, *texts: str) -> None:
    with EventLog(path) as log:
        for text in texts:
            log.append(Message(text=text))


def test_numbers_go_on_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, "one", "two")
    write(path, "three")
    assert [event.seq for event in EventReader(path).read()] == [1, 2, 3]


def test_reader_gives_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reader = EventReader(path)
    assert reader.read() == []
    write(path, "one")
    assert len(reader.read()) == 1
    assert reader.read() == []
    write(path, "two", "three")
    assert [event.seq for event in reader.read()] == [2, 3]


def test_reader_leaves_out_what_is_known(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, "one", "two", "three")
    assert [event.seq for event in EventReader(path, after_seq=2).read()] == [3]


def test_torn_last_line_is_not_read_and_then_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, "one", "two")
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    reader = EventReader(path)
    assert [event.seq for event in reader.read()] == [1]
    write(path, "again")
    assert [getattr(event, "text", "") for event in reader.read()] == ["again"]
    assert [event.seq for event in EventReader(path).read()] == [1, 2]


def test_damage_in_the_middle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, "one", "two", "three")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"{}\n" + lines[2])
    with pytest.raises(JobError, match="after event 1"):
        EventReader(path).read()


def test_missing_event_is_told(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    write(path, "one", "two", "three")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[2])
    with pytest.raises(JobError, match="event 3 follows event 1"):
        EventReader(path).read()


def test_diverged_loss_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventLog(path) as log:
        losses = {"total": math.nan}
        log.append(StepDone(epoch=1, step=1, steps=2, losses=losses, images_per_second=1.0))
    (event,) = EventReader(path).read()
    assert isinstance(event, StepDone)
    assert math.isnan(event.losses["total"])


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files, which only POSIX can")
def test_event_that_a_full_disk_did_not_take_leaves_no_trace(tmp_path: Path) -> None:
    import resource
    import signal

    path = tmp_path / "events.jsonl"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with EventLog(path) as log:
        log.append(Message(text="one"))
        try:
            # The first part of the line still fits.
            resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, limits[1]))
            with pytest.raises(OSError, match="large"):
                log.append(Message(text="two"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, handler)
        log.append(Message(text="three"))
    assert [event.text for event in EventReader(path).read()] == ["one", "three"]  # type: ignore[union-attr]
