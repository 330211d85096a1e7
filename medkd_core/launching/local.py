"""The old place of `starting` and `stopping`, until its last caller has moved."""

from medkd_core.launching.starting import resume_job, start_job
from medkd_core.launching.stopping import cancel_job, pause_job

__all__ = ["cancel_job", "pause_job", "resume_job", "start_job"]
