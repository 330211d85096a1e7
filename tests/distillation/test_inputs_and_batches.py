"""What the networks are given while they learn."""

import numpy as np
import pytest
import torch

from medkd_core.distillation.data import Films, epoch_indices, plain_batches, training_batches
from medkd_core.distillation.inputs import network_inputs
from medkd_core.distillation.loop.schedule import learning_rate
from medkd_core.imaging.preprocessing import fitted_square, normalise
from medkd_core.imaging.recipe import InputRecipe, View

RNG = np.random.default_rng(1)
FILMS = Films(RNG.integers(0, 256, (10, 32, 32)).astype(np.uint8), np.arange(10) % 3)


@pytest.mark.parametrize("shape", [(32, 32), (32, 32, 3)])
def test_batch_is_normalised_as_reading_does_it(shape: tuple[int, ...]) -> None:
    square = RNG.integers(0, 256, shape).astype(np.uint8)
    recipe = InputRecipe(size=32)
    expected = normalise(square.astype(np.float32) / np.float32(255), recipe)
    inputs = network_inputs(torch.from_numpy(square)[None], recipe)
    assert inputs[0].numpy() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_teacher_of_another_size_sees_nearly_what_reading_shows_it(interpolation: str) -> None:
    square = RNG.random((48, 48), np.float32)
    recipe = InputRecipe(size=32, interpolation=interpolation)  # type: ignore[arg-type]
    expected = normalise(fitted_square(square, View(), 32, interpolation), recipe)
    inputs = network_inputs(torch.from_numpy((square * 255).round().astype(np.uint8))[None], recipe)
    assert np.abs(inputs[0].numpy() - expected).max() < 0.02


def test_epoch_shows_each_image_once_in_an_order_of_its_own() -> None:
    first, again, second = (epoch_indices(10, 4, 7, epoch) for epoch in (0, 0, 1))
    assert sorted(np.concatenate(first)) == list(range(10))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))


@pytest.mark.parametrize(("images", "batch"), [(10, 4), (9, 8), (5, 8), (17, 16)])
def test_no_step_is_left_with_a_single_image(images: int, batch: int) -> None:
    sizes = [len(indices) for indices in epoch_indices(images, batch, 0, 0)]
    assert max(sizes) <= batch
    assert min(sizes) >= 2


def test_image_is_augmented_alike_whatever_came_before_it() -> None:
    indices = epoch_indices(10, 4, 7, 2)
    whole = list(training_batches(FILMS, indices, 7, 2, "film"))
    rest = list(training_batches(FILMS, indices[1:], 7, 2, "film"))
    assert torch.equal(whole[1].squares, rest[0].squares)
    assert torch.equal(whole[2].labels, rest[1].labels)


def test_unaugmented_batches_are_the_images_themselves() -> None:
    (batch,) = training_batches(FILMS, [np.array([3, 1])], 0, 0, None)
    assert np.array_equal(batch.squares.numpy(), FILMS.squares[[3, 1]])


def test_plain_batches_keep_the_order() -> None:
    labels = torch.cat([batch.labels for batch in plain_batches(FILMS, 4)])
    assert labels.tolist() == FILMS.labels.tolist()


def test_learning_rate_warms_up_and_ends_near_zero() -> None:
    rates = [learning_rate(step, 100, 10, 0.5) for step in range(100)]
    assert rates[0] == pytest.approx(0.05)
    assert rates[9] == rates[10] == max(rates) == 0.5
    assert rates[55] == pytest.approx(0.25)
    assert rates[-1] < 0.001
