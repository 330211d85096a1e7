"""A small manifest and the files of its networks."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from medkd_core.bundles.schema import (
    AgreementYardstick,
    BundleManifest,
    IntendedUse,
    NetworkEntry,
    OperatingPoint,
    Provenance,
)
from medkd_core.imaging.recipe import InputRecipe, View


def _entry(name, role):
    return NetworkEntry(
        name=name,
        label=name.upper(),
        role=role,
        width=0.25,
        recipe=InputRecipe(size=32),
        target_layer="features",
        parameters=1234,
        macs=56789,
        metrics={"macro_f1": 0.8},
    )


@pytest.fixture
def manifest():
    return BundleManifest(
        name="lungs",
        created="2026-01-02T03:04:05Z",
        classes=["COVID-19", "Normal"],
        class_descriptions={"Normal": "nothing seen"},
        view=View(),
        networks=[_entry("small", "student"), _entry("large", "teacher")],
        operating_points={
            "COVID-19": OperatingPoint(
                threshold=0.4,
                sensitivity=0.9,
                specificity=0.8,
                positive_predictive_value=0.7,
                calls=31,
            )
        },
        agreement=AgreementYardstick(different_films=0.31, random_maps=0.02, films=9),
        metrics={"macro_f1": 0.9, "macro_f1_low": 0.85, "macro_f1_high": 0.94},
        provenance=Provenance(dataset="drawn films", warnings=["Source and class are confounded."]),
        intended_use=IntendedUse(statement="Adult frontal chest films.", modalities=["DX"]),
    )


@pytest.fixture
def files(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("small", "large"):
        save_file({"weight": np.ones((2, 3), np.float32)}, source / f"{name}.safetensors")
        (source / f"{name}.onnx").write_bytes(b"graph of " + name.encode())
    return {file.name: file for file in source.iterdir()}
