"""The loss of OFA-KD, for teachers of another architecture than the student's."""

from __future__ import annotations

from torch import Tensor

from medkd_core.distillation.losses.target_class import of_others, of_target


def ofa(student: Tensor, teachers: Tensor, labels: Tensor, gamma: float) -> Tensor:
    """Cross-entropy with the teachers in which the target class counts by their confidence.

    ``-((1 + p[y])**gamma - 1) * log q[y] - sum_{c != y} p[c] * log q[c]`` (Hao et al.,
    One-for-All, NeurIPS 2023, arXiv:2310.19444, section 3.3): the loss of the paper without the
    label's own ``-log q[y]``, which is the hard part here. With ``gamma = 1`` it is the
    cross-entropy with the teachers, which has the gradient of `kl`. Of OFA-KD it is the loss of the
    final logits alone, without the branches at the stages.

    Parameters
    ----------
    student, teachers : float, (batch, classes)
        Logarithms of softened probabilities, ``log q`` and ``log p``.
    labels : int64, (batch,)
        The target classes ``y``.
    gamma : float
        1 or more.

    Returns
    -------
    float, (batch,)
        0 or more; not 0 where the two agree.
    """
    target = (1 + of_target(teachers, labels).exp()) ** gamma - 1
    others = of_others(teachers, labels).exp()
    told = target * of_target(student, labels)
    return -told - (others * of_others(student, labels)).sum(dim=1)
