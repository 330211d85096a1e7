"""Jobs under Slurm, through submitit.

submitit keeps its own files in the job's folder ``slurm``. It hands a call to the compute node as a
pickle there, which nothing but submitit reads; what it holds is the path of the job's folder.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
from typing import TYPE_CHECKING

from medkd_core.errors import JobError
from medkd_core.jobs.slurm_queue import forget
from medkd_core.jobs.store import Job
from medkd_core.launching.slurm_call import TrainUnderSlurm, notice_seconds

if TYPE_CHECKING:
    from submitit import SlurmExecutor

# A job goes back into the queue at every time limit until it is completed; submitit wants a number.
_TIME_LIMITS = 10_000
_PATIENCE_SECONDS = 60
_REFUSED = "Check the entries under [launch]; 'sinfo' lists the partitions and their limits."


def submit(job: Job) -> str:
    """Put a job into Slurm's queue.

    Returns
    -------
    str
        Its number there.

    Raises
    ------
    JobError
        There is no Slurm or no submitit here, or Slurm refuses the job.
    """
    executor = _executor(job)
    said = io.StringIO()
    try:
        # submitit prints what sbatch said.
        with contextlib.redirect_stderr(said):
            return str(executor.submit(TrainUnderSlurm(str(job.folder))).job_id)
    except (OSError, RuntimeError) as error:
        raise _cannot(job, f"sbatch refuses it ({_in_a_line(str(error))})", _REFUSED) from error


def withdraw(job: Job, number: str) -> None:
    """Take a job out of Slurm's queue, or end it there.

    Raises
    ------
    JobError
        Slurm refuses, or does not answer.
    """
    command = ["scancel", number]
    try:
        subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise JobError(
            "Cannot cancel the job",
            path=job.folder,
            because=f"Slurm does not end its job {number} ({_in_a_line(said)})",
            cure=f"Try 'scancel {number}' on a machine of the cluster.",
        ) from error
    forget(number)


def sbatch_parameters(job: Job) -> dict[str, object]:
    """What is asked of Slurm, by the names of submitit's `SlurmExecutor`."""
    launch = job.spec.launch
    processors = launch.processes * launch.cpus_per_process
    parameters: dict[str, object] = {
        "job_name": f"medkd-{job.identifier}",
        "time": launch.minutes,
        "nodes": 1,
        # One task, which starts the processes of the job as torchrun does everywhere else.
        "ntasks_per_node": 1,
        "cpus_per_task": processors,
        # Since 22.05 a step does not inherit the processors of its job.
        "srun_args": [f"--cpus-per-task={processors}"],
        "signal_delay_s": notice_seconds(launch),
        "additional_parameters": {"requeue": True},
    }
    if launch.partition:
        parameters["partition"] = launch.partition
    if launch.gpus:
        parameters["gpus_per_node"] = launch.gpus
    return parameters


def _executor(job: Job) -> SlurmExecutor:
    if shutil.which("sbatch") is None:
        raise _cannot(
            job,
            "there is no Slurm on this machine (sbatch is not found)",
            'Do it on a machine of the cluster, or set launch.launcher = "local".',
        )
    try:
        from submitit import SlurmExecutor
    except ImportError as error:
        raise _cannot(job, "submitit is not installed", "pip install submitit") from error
    executor = SlurmExecutor(job.folder / "slurm", max_num_timeout=_TIME_LIMITS)
    executor.update_parameters(**sbatch_parameters(job))
    return executor


def _cannot(job: Job, reason: str, cure: str) -> JobError:
    return JobError("Cannot submit the job", path=job.folder, because=reason, cure=cure)


def _in_a_line(said: str) -> str:
    """What a program of Slurm printed, without ``sbatch: error:`` before each line."""
    lines = [line.rpartition("error: ")[2].strip().rstrip(".") for line in said.splitlines()]
    return "; ".join(line for line in lines if line) or "it does not say why"
