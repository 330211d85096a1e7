"""What a user is told of errors that are not MedKD's own."""

import pytest
import torch

from medkd_core.distillation.run import _sentence


def test_file_that_the_system_refuses_is_named_with_its_reason_and_a_cure() -> None:
    told = _sentence(PermissionError(13, "Permission denied", "/jobs/a/events.jsonl"))
    assert told.startswith("Cannot use the job's files /jobs/a/events.jsonl: Permission denied.")
    assert "resume" in told


def test_error_without_a_file_names_none() -> None:
    told = _sentence(OSError(28, "No space left on device"))
    assert told.startswith("Cannot use the job's files: No space left on device.")


def test_memory_that_the_cpu_lacks_is_told_as_such() -> None:
    with pytest.raises(RuntimeError) as full:
        torch.empty(2**60, dtype=torch.uint8)
    assert _sentence(full.value).startswith("Cannot train: the memory is full.")
