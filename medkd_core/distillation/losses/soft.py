"""What a student is told by the teachers' answers: one loss of several kinds."""

from __future__ import annotations

from torch import Tensor

from medkd_core.distillation.losses.answers import joined, softened
from medkd_core.distillation.losses.dist import dist
from medkd_core.distillation.losses.dkd import dkd
from medkd_core.distillation.losses.kl import kl
from medkd_core.distillation.losses.ofa import ofa
from medkd_core.jobs.spec import DistillationSpec


def soft_loss(
    logits: Tensor, teachers: Tensor, shares: Tensor, labels: Tensor, spec: DistillationSpec
) -> Tensor:
    """The loss of the specification between the student's softened answer and the teachers'.

    Times ``T**2``, which keeps the size of the gradients when the temperature is changed (Hinton et
    al., 2015, arXiv:1503.02531, section 2); not so ``dist``, whose correlations know no size.
    Several teachers speak with one voice: see `joined`.

    Parameters
    ----------
    logits : float, (batch, classes)
        Of the student.
    teachers : float, (batch, teachers, classes)
        Their logits, from `calibrated`.
    shares : float, (batch, teachers)
        From `teacher_shares`.
    labels : int64, (batch,)
    spec : DistillationSpec
        ``soft_loss`` with its numbers, ``temperature`` and ``standardise_logits``.

    Returns
    -------
    float, scalar
    """
    ours = softened(logits, spec.temperature, spec.standardise_logits)
    voices = softened(teachers, spec.temperature, spec.standardise_logits)
    theirs = joined(voices, shares)
    if spec.soft_loss == "dist":
        return dist(ours, theirs, spec.dist_beta, spec.dist_gamma)
    return spec.temperature**2 * _of_each_image(ours, theirs, labels, spec).mean()


def _of_each_image(ours: Tensor, theirs: Tensor, labels: Tensor, spec: DistillationSpec) -> Tensor:
    if spec.soft_loss == "dkd":
        return dkd(ours, theirs, labels, spec.dkd_alpha, spec.dkd_beta)
    if spec.soft_loss == "ofa":
        return ofa(ours, theirs, labels, spec.ofa_gamma)
    return kl(ours, theirs)
