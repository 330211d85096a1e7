"""Jobs as detached processes on this computer."""

from __future__ import annotations

import subprocess
import threading

from medkd_core.jobs.processes import ProcessIdentity
from medkd_core.jobs.store import Job
from medkd_core.launching.commands import training_command, training_environment


def start_process(job: Job) -> ProcessIdentity:
    """Start a process for a job in a session of its own; with several, the one that starts them.

    Raises
    ------
    OSError
        The system refuses.
    """
    with job.log_path.open("ab") as log:
        process = subprocess.Popen(
            training_command(job),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=training_environment(job),
        )
    # Somebody must take the exit status, or an ended job stays behind as a zombie.
    threading.Thread(target=process.wait, daemon=True).start()
    return ProcessIdentity.of(process.pid)
