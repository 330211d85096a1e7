"""The small bundle, opened, and films to ask it about."""

import pytest

from medkd_core.bundles.read import Bundle, open_bundle
from medkd_core.imaging.frame import Frame, Photometric


@pytest.fixture(scope="session")
def bundle(small_bundle) -> Bundle:
    return open_bundle(small_bundle)


@pytest.fixture(scope="session")
def engines(bundle):
    return {entry.name: bundle.engine(entry.name, "cpu") for entry in bundle.manifest.networks}


@pytest.fixture
def frame() -> Frame:
    """A film of 40 x 60 pixels, brighter to the right."""
    import numpy as np

    ramp = np.broadcast_to(np.linspace(0, 4095, 60), (40, 60)).astype(np.uint16)
    spots = np.random.default_rng(0).integers(0, 500, (40, 60)).astype(np.uint16)
    return Frame(np.minimum(ramp + spots, 4095), Photometric.MONOCHROME2, bits_stored=12)
