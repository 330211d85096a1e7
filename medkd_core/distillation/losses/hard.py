"""What a network is told by the labels alone, with care for classes that are rare.

Each loss is a mean over the images of the batch: a batch that is computed in parts, one after the
other or on several processes, has the mean of its parts' losses, weighted by their images.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from medkd_core.distillation.losses.target_class import of_others
from medkd_core.jobs.spec import TrainingSpec


class HardLoss(nn.Module):
    """The loss of the specification against the labels.

    Balanced sampling has evened out the classes already: then all weigh alike and the prior is
    uniform, whatever the counts.

    Parameters
    ----------
    training : TrainingSpec
        ``hard_loss``, ``focal_gamma``, ``label_smoothing``, ``class_balance`` and ``sampling``.
    class_counts : sequence of int
        Training images of each class.
    """

    weights: Tensor
    log_prior: Tensor

    def __init__(self, training: TrainingSpec, class_counts: Sequence[int]) -> None:
        super().__init__()
        counts = _seen(class_counts, training)
        self._training = training
        self.register_buffer("weights", image_weights(counts, training.class_balance), False)
        self.register_buffer("log_prior", log_prior(counts), False)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """float32 (batch, classes) and int64 (batch,) -> a scalar."""
        spec = self._training
        if spec.hard_loss == "balanced-softmax":
            losses = balanced_softmax(logits, labels, self.log_prior, spec.label_smoothing)
        elif spec.hard_loss == "focal":
            losses = focal(logits, labels, self.weights, spec.focal_gamma, spec.label_smoothing)
        else:
            losses = cross_entropy(logits, labels, self.weights, spec.label_smoothing)
        return losses.mean()


def cross_entropy(
    logits: Tensor, labels: Tensor, weights: Tensor, label_smoothing: float = 0.0
) -> Tensor:
    """Weighted cross-entropy of each image: ``w[y] * -log p[y]``.

    With smoothing ``s`` the target is ``1 - s + s / classes`` for the true class and
    ``s / classes`` for the others (Szegedy et al., CVPR 2016, arXiv:1512.00567, section 7), each
    term weighted by its own class.

    Parameters
    ----------
    logits : float, (batch, classes)
    labels : int64, (batch,)
    weights : float, (classes,)
    label_smoothing : float
        In [0, 1).

    Returns
    -------
    float, (batch,)
    """
    return F.cross_entropy(
        logits, labels, weights, reduction="none", label_smoothing=label_smoothing
    )


def focal(
    logits: Tensor, labels: Tensor, weights: Tensor, gamma: float, label_smoothing: float = 0.0
) -> Tensor:
    """Focal loss of each image: ``(1 - p[y])**gamma * w[y] * -log p[y]``.

    Lin et al., Focal Loss for Dense Object Detection, ICCV 2017, arXiv:1708.02002, equation 5, for
    several classes; with smoothing the same factor scales the smoothed cross-entropy.

    Parameters
    ----------
    logits : float, (batch, classes)
        At least two classes.
    labels : int64, (batch,)
    weights : float, (classes,)
    gamma : float
        0 or more; 0 is `cross_entropy`.
    label_smoothing : float
        In [0, 1).

    Returns
    -------
    float, (batch,)
    """
    # From the other classes: 1 - p loses its digits, and its power its gradient, where p is 1.
    missed = torch.logsumexp(of_others(F.log_softmax(logits, dim=1), labels), dim=1)
    return torch.exp(gamma * missed) * cross_entropy(logits, labels, weights, label_smoothing)


def balanced_softmax(
    logits: Tensor, labels: Tensor, log_prior: Tensor, label_smoothing: float = 0.0
) -> Tensor:
    """Cross-entropy of each image with the training prior added: ``-log softmax(z + log pi)[y]``.

    The plain logits then answer as if all classes were equally common (Ren et al., Balanced
    Meta-Softmax, NeurIPS 2020, arXiv:2007.10740, theorem 1; the logit-adjusted loss of Menon et
    al., ICLR 2021, arXiv:2007.07314, equation 10 with tau = 1). It takes no class weights: the
    prior would be corrected twice.

    Parameters
    ----------
    logits : float, (batch, classes)
    labels : int64, (batch,)
    log_prior : float, (classes,)
        From `log_prior`.
    label_smoothing : float
        In [0, 1).

    Returns
    -------
    float, (batch,)
    """
    return F.cross_entropy(
        logits + log_prior, labels, reduction="none", label_smoothing=label_smoothing
    )


def class_weights(counts: Sequence[float], beta: float) -> Tensor:
    """Weights of the classes by their effective number of samples.

    ``E_n = (1 - beta**n) / (1 - beta)``, weight ``1 / E_n``, scaled so that the weights sum to the
    number of classes (Cui et al., Class-Balanced Loss, CVPR 2019, arXiv:1901.05555, equations 2
    and 3 and section 4).

    Parameters
    ----------
    counts : sequence of float
        Training images of each class; a class without any counts as one.
    beta : float
        In [0, 1); 0 weighs all classes alike.

    Returns
    -------
    float32, (classes,)
    """
    weights = (1 - beta) / (1 - beta ** _images(counts))
    return (weights * len(counts) / weights.sum()).float()


def image_weights(counts: Sequence[float], beta: float) -> Tensor:
    """`class_weights`, scaled so that the training images weigh 1 on average.

    A plain mean over a batch then needs no division by the batch's own weights, which would differ
    between its parts.

    Returns
    -------
    float32, (classes,)
    """
    weights = class_weights(counts, beta).double()
    images = _images(counts)
    return (weights * images.sum() / (weights * images).sum()).float()


def log_prior(counts: Sequence[float]) -> Tensor:
    """Logarithm of how common each class is among the training images.

    Parameters
    ----------
    counts : sequence of float
        Images of each class; a class without any counts as one.

    Returns
    -------
    float32, (classes,)
    """
    images = _images(counts)
    return (images / images.sum()).log().float()


def effective_counts(counts: Sequence[int], training: TrainingSpec) -> list[float]:
    """How common each class was for a network that was trained like this: images times weight.

    What weighs or shows a class more often makes it more common in the network's answers. Balanced
    sampling and the balanced softmax leave no class more common than another.

    Parameters
    ----------
    counts : sequence of int
        Training images of each class.
    training : TrainingSpec
        How the network was trained.
    """
    if training.hard_loss == "balanced-softmax":
        return [1.0] * len(counts)
    seen = _seen(counts, training)
    weights = class_weights(seen, training.class_balance).double()
    return (_images(seen) * weights).tolist()


def _seen(counts: Sequence[int], training: TrainingSpec) -> list[float]:
    if training.sampling == "balanced":
        return [1.0] * len(counts)
    return [float(count) for count in counts]


def _images(counts: Sequence[float]) -> Tensor:
    return torch.tensor(counts, dtype=torch.float64).clamp_min(1)
