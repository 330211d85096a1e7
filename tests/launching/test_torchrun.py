"""Several processes that share each step of a job on this machine."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from patience import wait_for, wait_for_epoch, wait_until
from safetensors.numpy import load_file

from medkd_core.jobs.events import Started
from medkd_core.jobs.result import WEIGHTS_FILE
from medkd_core.jobs.spec import LaunchSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job
from medkd_core.launching.commands import training_command, training_environment
from medkd_core.launching.starting import resume_job, start_job
from medkd_core.launching.stopping import cancel_job, pause_job

TWO_PROCESSES = LaunchSpec(launcher="torchrun", processes=2, cpus_per_process=1)

# Adds up the ranks, and shows where this process and the one that started it listen.
MEETING = """
import os, pathlib, torch, torch.distributed as group
group.init_process_group("gloo")
total = torch.tensor([group.get_rank() + 1])
group.all_reduce(total)
files = [
    os.readlink(file)
    for process in (os.getpid(), os.getppid())
    for file in pathlib.Path(f"/proc/{process}/fd").iterdir()
    if file.is_symlink()
]
sockets = [
    line.split()
    for table in ("/proc/net/tcp", "/proc/net/tcp6")
    for line in pathlib.Path(table).read_text().splitlines()[1:]
]
if group.get_rank() == 0:
    listening = [s[1] for s in sockets if s[3] == "0A" and f"socket:[{s[9]}]" in files]
    print("total", total.item())
    print("listening", *listening)
group.barrier()
group.destroy_process_group()
"""
LOOPBACK = "0100007F"  # 127.0.0.1, as /proc/net/tcp writes it


def test_job_of_one_process_needs_no_torchrun(make_job: Callable[..., Job]) -> None:
    alone = make_job(LaunchSpec(launcher="torchrun"))
    assert training_command(alone)[1:3] == ["-m", "medkd_core.distillation.run"]
    together = make_job(TWO_PROCESSES)
    assert training_command(together)[1:4] == ["-m", "medkd_core.launching.torchrun", "2"]


def test_processes_share_the_processors_and_do_not_see_the_allocation_around_them(
    make_job: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_NTASKS", "7")
    monkeypatch.delenv("OMP_NUM_THREADS")
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    environment = training_environment(make_job(TWO_PROCESSES))
    assert environment["OMP_NUM_THREADS"] == "1"
    assert "SLURM_NTASKS" not in environment
    many = TWO_PROCESSES.model_copy(update={"processes": 8, "cpus_per_process": 3})
    assert training_environment(make_job(many))["OMP_NUM_THREADS"] == "1"
    few = TWO_PROCESSES.model_copy(update={"cpus_per_process": 3})
    assert training_environment(make_job(few))["OMP_NUM_THREADS"] == "2"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc/net")
def test_processes_meet_where_no_other_machine_can_come(tmp_path: Path) -> None:
    script = tmp_path / "meeting.py"
    script.write_text(MEETING)
    command = [sys.executable, "-m", "medkd_core.launching.torchrun", "2", str(script)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    said = dict(line.split(" ", 1) for line in answer.stdout.splitlines() if " " in line)
    assert said["total"] == "3"
    assert {address.partition(":")[0] for address in said["listening"].split()} == {LOOPBACK}


@pytest.mark.slow
def test_two_processes_learn_the_weights_of_one(make_job: Callable[..., Job]) -> None:
    # AdamW makes whole steps of gradients that are nothing but rounding, as large as the rate.
    settings = {
        "epochs": 3,
        "batch_size": 5,
        "freeze_normalisation": True,
        "learning_rate": 1e-4,
    }
    alone, together = make_job(**settings), make_job(TWO_PROCESSES, **settings)
    start_job(alone)
    wait_for(alone, JobStatus.COMPLETED)
    start_job(together)
    wait_for(together, JobStatus.COMPLETED)
    expected = load_file(alone.result_folder / WEIGHTS_FILE)
    for key, array in load_file(together.result_folder / WEIGHTS_FILE).items():
        assert np.abs(array - expected[key]).max(initial=0) < 1e-6, key


@pytest.mark.slow
def test_job_of_two_processes_is_paused_killed_resumed_and_cancelled(
    make_job: Callable[..., Job],
) -> None:
    job = make_job(TWO_PROCESSES)
    start_job(job)
    wait_for_epoch(job, 1)
    pause_job(job)
    wait_for(job, JobStatus.PAUSED)

    resume_job(job)
    wait_for_epoch(job, job.state().epoch + 1)
    first = job.state().process
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: job.state().status is JobStatus.INTERRUPTED)
    launched = job.launched()
    assert launched is not None and launched.process is not None
    wait_until(lambda: not launched.process.is_alive())

    resume_job(job)
    wait_for_epoch(job, job.state().epoch + 1)
    assert cancel_job(job, grace_seconds=60).status is JobStatus.CANCELLED
    started = [event for event in job.events() if isinstance(event, Started)]
    assert [event.epoch > 0 for event in started] == [False, True, True]
