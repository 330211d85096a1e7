"""The research engine behind MedKD. Research use only.

Importing it tells libraries to keep to themselves what they are used for: onnxruntime (from 1.29
on) and huggingface_hub report it to their makers unless they are told not to before they load.
"""

import os
import platform

__version__ = "0.1.0"

RESEARCH_USE_ONLY = "Research use only. Not for diagnosis."

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

if platform.machine().lower() in {"x86_64", "amd64"}:
    # NumPy's own threads go on spinning after each product and take the cores from the networks:
    # a preview took 0.65 s with them and 0.40 s without. On x86 torch has a BLAS of its own.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
