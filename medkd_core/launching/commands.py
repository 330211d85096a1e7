"""How the process of a job is called, and in which environment."""

from __future__ import annotations

import os
import sys

from medkd_core.jobs.spec import LaunchSpec
from medkd_core.jobs.store import Job


def training_command(job: Job) -> list[str]:
    """The command that runs a job on this machine, with all its processes."""
    run = ["-m", "medkd_core.distillation.run", str(job.folder)]
    if is_shared(job.spec.launch):
        processes = str(job.spec.launch.processes)
        return [sys.executable, "-m", "medkd_core.launching.torchrun", processes, *run]
    return [sys.executable, *run]


def training_environment(job: Job) -> dict[str, str]:
    """The environment of that command."""
    launch = job.spec.launch
    # A job has the processes that its specification names. Lightning Fabric would wait for as many
    # as the surrounding allocation of Slurm has tasks.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("SLURM_")}
    # Waiting threads sleep. Spinning ones brought training to a tenth of its speed, and the window
    # to a crawl, whenever something else ran on the same cores.
    defaults = {"OMP_WAIT_POLICY": "PASSIVE"}
    if launch.launcher == "slurm" or is_shared(launch):
        defaults["OMP_NUM_THREADS"] = str(_threads(launch))
    return defaults | inherited


def is_shared(launch: LaunchSpec) -> bool:
    """Whether several processes share each step."""
    return launch.launcher != "local" and launch.processes > 1


def _threads(launch: LaunchSpec) -> int:
    # Slurm's tasks own their processors. Elsewhere more threads than there are would only wait.
    if launch.launcher == "slurm":
        return launch.cpus_per_process
    return max(1, min(launch.cpus_per_process, (os.cpu_count() or 1) // launch.processes))
