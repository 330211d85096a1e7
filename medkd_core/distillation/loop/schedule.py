"""The learning rate as a function of the step, so that nothing of it has to be remembered."""

from __future__ import annotations

import math


def learning_rate(step: int, steps: int, warmup_steps: int, peak: float) -> float:
    """Linear warm-up, then half a cosine towards zero.

    Loshchilov and Hutter, SGDR, ICLR 2017, arXiv:1608.03983, equation 5, without restarts.

    Parameters
    ----------
    step : int
        Counted from 0 over the whole run.
    steps : int
        Of the whole run.
    warmup_steps : int
        Steps of the warm-up; the peak is reached after them.
    peak : float
    """
    if step < warmup_steps:
        return peak * (step + 1) / warmup_steps
    done = (step - warmup_steps) / max(1, steps - warmup_steps)
    return peak * 0.5 * (1 + math.cos(math.pi * done))
