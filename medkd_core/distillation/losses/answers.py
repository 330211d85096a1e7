"""What teachers answer, made comparable: calibrated, freed of their prior, softened, joined."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

_SMALLEST_SPREAD = 1e-6


def calibrated(logits: Tensor, temperature: float) -> Tensor:
    """A teacher's logits divided by its own calibration temperature: ``z / c``.

    Guo et al., ICML 2017, arXiv:1706.04599, section 4.2: an overconfident teacher does not outshout
    the others.
    """
    return logits / temperature


def without_prior(answers: Tensor, log_priors: Tensor) -> Tensor:
    """Calibrated logits without how common the classes were in the teachers' training.

    ``z - log pi``: the probabilities ``p(y | x) / pi(y)``, scaled to sum to 1, answer for classes
    that are equally common (Saerens et al., Neural Computation 14, 2002, section 2; Menon et al.,
    ICLR 2021, arXiv:2007.07314, equation 9). For these the student then learns to answer, as class
    weights, balanced sampling and the balanced softmax have it as well.

    Parameters
    ----------
    answers : float, (batch, teachers, classes)
        From `calibrated`.
    log_priors : float, (teachers, classes)
        ``log pi`` of each teacher.
    """
    return answers - log_priors


def standardised(logits: Tensor) -> Tensor:
    """Each row with mean 0 and standard deviation 1.

    ``(z - mean(z)) / std(z)`` over the last axis (Sun et al., Logit Standardization, CVPR 2024,
    arXiv:2403.01427, algorithm 1). How sure an answer was is lost. With two classes only the
    decision is left, with three a single angle, so that hardly more than the label is said there.

    Parameters
    ----------
    logits : float, (batch, classes)

    Returns
    -------
    float, (batch, classes)
        All 0 where a row has no spread.
    """
    centred = logits - logits.mean(dim=-1, keepdim=True)
    spread = torch.sqrt(centred.square().mean(dim=-1, keepdim=True) + _SMALLEST_SPREAD**2)
    return centred / spread


def softened(logits: Tensor, temperature: float, standardise: bool = False) -> Tensor:
    """Logarithm of the softened probabilities: ``log softmax(z / T)``.

    Logarithms, because a probability of a sure answer is 0 or 1 in float32 and its logarithm
    would be lost.

    Parameters
    ----------
    logits : float, (..., classes)
    temperature : float
        ``T`` of the distillation.
    standardise : bool
        Apply `standardised` first.
    """
    return F.log_softmax((standardised(logits) if standardise else logits) / temperature, dim=-1)


def joined(answers: Tensor, shares: Tensor) -> Tensor:
    """What several teachers think together: the weighted mean of their probabilities.

    ``log sum_k a_k p_k``. Every soft loss compares the student with this one answer. For ``kl``
    that has the gradient of the weighted mean of the teachers' own losses, since
    ``sum_k a_k KL(p_k || q)`` and ``KL(sum_k a_k p_k || q)`` differ by a term without ``q``.

    Parameters
    ----------
    answers : float, (batch, teachers, classes)
        Logarithms of probabilities.
    shares : float, (batch, teachers), [0, 1]
        Rows sum to 1.

    Returns
    -------
    float, (batch, classes)
        Logarithms of probabilities.
    """
    return torch.logsumexp(answers + shares.log().unsqueeze(2), dim=1)
