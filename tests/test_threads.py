"""NumPy's threads stay out of the way of the networks'."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

ASK = "import medkd_core, os; print(os.environ.get('OPENBLAS_NUM_THREADS'))"


@pytest.mark.skipif(
    platform.machine().lower() not in {"x86_64", "amd64"}, reason="torch needs them there"
)
@pytest.mark.parametrize(("given", "found"), [(None, "1"), ("3", "3")])
def test_numpy_computes_on_one_thread_unless_it_is_told_otherwise(given, found):
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    if given:
        environment["OPENBLAS_NUM_THREADS"] = given
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == found
