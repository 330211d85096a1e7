"""What is said of a loss that is no number."""

import pytest

from medkd_core.distillation.loop.progress import Progress
from medkd_core.distillation.loop.telling import diverged


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (["total", "soft"], "the loss against the teachers' answers is not a finite number"),
        (["total", "hard", "maps"], "labels and the loss against the teachers' maps"),
        (["total"], "the whole loss"),
        (["gradient"], "the gradient"),
    ],
)
def test_cause_step_and_learning_rate_are_named(wrong: list[str], named: str) -> None:
    said = str(diverged(wrong, Progress(epoch=1, step=4), 0.0123456))
    assert named in said
    assert "in epoch 2 after step 4, at a learning rate of 0.0123" in said
    assert "what this one saved is kept" in said
