"""Tests of networks share a machine: one thread each, and the same random numbers every time."""

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread_and_a_seed() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
