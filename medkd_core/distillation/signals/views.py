"""Which augmented views of the training images teachers are asked about."""

from __future__ import annotations

from medkd_core.jobs.spec import JobSpec

_SHARED_SEED = 0


def view_seed(spec: JobSpec) -> int:
    """The seed that decides, with an image's number and its view's, how the image is changed.

    The job's own seed; but where teachers are remembered, one for all jobs: students of several
    seeds then learn from the same views and share what the teachers said of them, which saves
    hours. Their seeds still decide the weights that they start from and the order of the images.
    """
    remembered = spec.kind == "distill" and spec.distillation.remember
    return _SHARED_SEED if remembered else spec.seed


def view_count(spec: JobSpec) -> int:
    """How many views teachers remember: images that are not augmented have a single one."""
    return spec.distillation.views if spec.training.augment else 1
