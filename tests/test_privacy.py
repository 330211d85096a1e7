"""That no library tells its maker what MedKD is used for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_running_networks_leaves_no_number_of_this_device_behind(tmp_path: Path) -> None:
    # onnxruntime keeps one beside what it has not sent yet; under CI it is silent anyway.
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", "XDG_CACHE_HOME")}
    alone = {k: v for k, v in kept.items() if not k.startswith(("ORT_", "GITHUB_"))}
    code = "import medkd_core.engines.onnx_engine as engine; engine.onnxruntime.SessionOptions()"
    subprocess.run([sys.executable, "-c", code], env={**alone, "HOME": str(tmp_path)}, check=True)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
