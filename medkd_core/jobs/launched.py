"""What was started for a job, as its `launched.json` says."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from medkd_core.jobs.processes import ProcessIdentity


class Launched(BaseModel):
    """A process of some machine, or a job of Slurm that makes one once its turn comes."""

    model_config = ConfigDict(frozen=True)

    process: ProcessIdentity | None = None
    slurm_job: str | None = None
    """Its number in Slurm."""
    is_stopping: bool = False
    """Slurm has its process end, and starts it again later: a pause is no pause then."""
