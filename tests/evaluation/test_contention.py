import subprocess
import sys
import time

import pytest

from medkd_core.evaluation.contention import OtherPrograms

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="read from Linux's /proc")


def test_another_programs_work_is_counted_and_our_own_is_not():
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        others = OtherPrograms()
        ended = time.process_time() + 0.5
        while time.process_time() < ended:
            pass
        # Both of us may have had to share one processor with the rest of the machine.
        assert others.busy_cores() > 0.1
        busy.kill()


def test_watching_for_no_time_says_nothing_negative():
    assert OtherPrograms().busy_cores() >= 0
