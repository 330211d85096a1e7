import sys

import numpy as np
import pytest

from medkd_core.evaluation.efficiency import profile_bundle
from medkd_core.evaluation.memory import peak_memory


def test_profile_tells_size_time_and_memory_of_every_network(bundle):
    profiles = profile_bundle(bundle, "cpu", repetitions=4, batch=2)
    assert [profile.network for profile in profiles] == ["vgg19", "vgg19_bn"]
    for profile in profiles:
        assert profile.file_bytes > 4 * profile.parameters
        assert 0 < profile.times.latency_ms_median <= profile.times.latency_ms_p95
        assert profile.times.images_per_second > 0
        assert profile.times.device.startswith("CPU")


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from Linux's /proc")
def test_memory_that_was_given_back_is_still_in_the_peak():
    with peak_memory() as memory:
        np.ones(2**26, np.uint8).sum()
    # The kernel counts in batches of pages.
    assert memory.grown_bytes == pytest.approx(2**26, rel=0.1)
