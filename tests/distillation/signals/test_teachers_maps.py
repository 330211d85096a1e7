"""Where teachers look: their previews of the plain image, moved as the image is."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from medkd_core.datasets.augmentation import warp_maps
from medkd_core.distillation.data import Batch, Films, training_batches
from medkd_core.distillation.inputs import network_inputs
from medkd_core.distillation.signals.live import LiveTeachers
from medkd_core.distillation.signals.opening import open_teachers
from medkd_core.distillation.signals.store import RowStore
from medkd_core.distillation.signals.teacher import Teacher
from medkd_core.distillation.signals.views import view_seed
from medkd_core.engines.torch_engine import TorchEngine
from medkd_core.explanation.score_cam import score_cam
from medkd_core.jobs.spec import JobSpec

MakeSpec = Callable[..., JobSpec]

CHOSEN = np.array([5, 1, 3])


@pytest.fixture(scope="module")
def few(images: Films) -> Films:
    """As many images as have maps in a second."""
    return Films(images.squares[:6], images.labels[:6])


def shown(films: Films, spec: JobSpec, view: int) -> Batch:
    kind = "film" if spec.training.augment else None
    (made,) = training_batches(films, [CHOSEN], view_seed(spec), view, kind)
    return made


def test_maps_are_score_cam_previews_for_the_labels_class(
    few: Films, teachers: list[Teacher], student: MakeSpec, fabric: Fabric, store: RowStore
) -> None:
    spec = student(augment=False, explanation_weight=1.0)
    signals = open_teachers(spec, teachers, few, fabric, store=store).of(shown(few, spec, 0))
    for teacher, signal in zip(teachers, signals, strict=True):
        size = teacher.recipe.size
        engine = TorchEngine(teacher.network.network, teacher.spec.name, size)
        inputs = network_inputs(torch.from_numpy(few.squares[CHOSEN]), teacher.recipe)
        maps = [
            score_cam(engine, image, int(label), preview=True).native
            for image, label in zip(inputs.contiguous().numpy(), few.labels[CHOSEN], strict=True)
        ]
        assert signal.maps is not None
        assert signal.maps.dtype == torch.float32
        assert signal.maps.max() > 0
        np.testing.assert_allclose(signal.maps.numpy(), maps, rtol=0, atol=1e-3)


@pytest.mark.parametrize("remember", [True, False])
def test_maps_move_with_the_augmented_view(
    remember: bool,
    few: Films,
    teachers: list[Teacher],
    student: MakeSpec,
    fabric: Fabric,
    store: RowStore,
) -> None:
    plain = student(augment=False, explanation_weight=1.0)
    spec = student(seed=4, remember=remember, explanation_weight=1.0)
    still = open_teachers(plain, teachers, few, fabric, store=store).of(shown(few, plain, 0))
    moved = open_teachers(spec, teachers, few, fabric, store=store).of(shown(few, spec, 1))
    for before, after in zip(still, moved, strict=True):
        seed = 0 if remember else 4
        wanted = warp_maps(before.maps.numpy(), CHOSEN.tolist(), 1, seed, "film")
        assert np.array_equal(after.maps.numpy(), wanted)
        assert not torch.equal(after.maps, before.maps)


def test_live_teachers_share_the_maps_of_remembered_ones(
    few: Films, teachers: list[Teacher], student: MakeSpec, fabric: Fabric, store: RowStore
) -> None:
    asked: list[int] = []
    for remember in (True, False):
        spec = student(remember=remember, explanation_weight=1.0)
        asked.clear()
        signals = open_teachers(
            spec, teachers, few, fabric, lambda done, _: asked.append(done), store
        )
    assert isinstance(signals, LiveTeachers)
    assert not asked
