"""Runs jobs and kills them at random moments: ``python killed_runs.py REFERENCE SEED KILLS``.

Jobs of the same specification as the completed job REFERENCE are made beside it, each run again
after every kill until it is done, until KILLS processes were killed. Prints their folders, one a
line. Each run is a process of its own, forked from this one after the slow imports, and ended by
the system with SIGKILL.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from medkd_core.distillation.run import main
from medkd_core.jobs.store import Job, JobStore, open_job
from medkd_core.networks import network_facts

_PATIENCE = 600.0


def started(job: Job) -> int:
    """The number of a new process that runs the job."""
    if pid := os.fork():
        return pid
    log = os.open(job.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os._exit(main(job.folder))


def ends_within(pid: int, seconds: float) -> bool:
    """Whether a process ends by itself, and well; it is killed if not."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            assert status == 0, f"exit status {status}"
            return True
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return not os.WIFSIGNALED(status)


def fresh(reference: Job) -> Job:
    """A new job of that specification, which nothing decoded or remembered before helps."""
    job = JobStore(reference.folder.parent).create(reference.spec)
    os.environ["XDG_CACHE_HOME"] = str(reference.folder.parent.parent / "caches" / job.identifier)
    return job


def kill_at_random(reference: Job, rng: random.Random, kills: int) -> list[Job]:
    """Kill so many processes; every job is done at the end."""
    # What every process would find out again.
    network_facts(reference.spec.network.name)
    jobs = [fresh(reference)]
    begun = time.monotonic()
    assert ends_within(started(jobs[0]), _PATIENCE)
    whole = time.monotonic() - begun
    jobs.append(fresh(reference))
    while kills:
        if ends_within(started(jobs[-1]), rng.uniform(0, 0.9 * whole)):
            jobs.append(fresh(reference))
        else:
            kills -= 1
    assert ends_within(started(jobs[-1]), _PATIENCE)
    return jobs[1:]


if __name__ == "__main__":
    folder, seed, count = sys.argv[1:]
    for done in kill_at_random(open_job(Path(folder)), random.Random(int(seed)), int(count)):
        sys.stdout.write(f"{done.folder}\n")
