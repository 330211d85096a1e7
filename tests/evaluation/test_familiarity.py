import numpy as np
import pytest

from medkd_core.bundles.schema import Familiarity, IntendedUse
from medkd_core.evaluation.familiarity import (
    distance,
    distances,
    fit_familiarity,
    is_coloured,
    judge,
)

DIMENSIONS = 64


@pytest.fixture
def draw():
    """Films of two classes in a few directions of a wide space, plus noise in all of them."""
    generator = np.random.default_rng(0)
    directions = generator.normal(size=(6, DIMENSIONS))

    def films(count):
        labels = np.arange(count) % 2
        inner = generator.normal(size=(count, 6)) + 3 * labels[:, None]
        noise = 0.1 * generator.normal(size=(count, DIMENSIONS))
        return (inner @ directions + noise).astype(np.float32), labels

    return films


@pytest.fixture
def fitted(draw):
    embeddings, labels = draw(400)
    return fit_familiarity(embeddings, labels, draw(200)[0], 2)


def test_new_films_of_the_same_kind_are_familiar(draw, fitted):
    states = [judge(fitted, film, IntendedUse()).state for film in draw(200)[0]]
    assert states.count("familiar") > 190


def test_other_pictures_are_unusual(draw, fitted):
    far = draw(1)[0][0] + 40
    judgement = judge(fitted, far, IntendedUse())
    assert judgement.state == "unusual"
    assert judgement.sentence.startswith("Unusual: ")


def test_sentence_tells_how_many_validation_films_are_farther(fitted):
    mean = np.array(fitted.center) + np.array(fitted.class_means[0]) @ np.array(fitted.axes)
    judgement = judge(fitted, mean.astype(np.float32), IntendedUse())
    assert judgement.sentence == (
        "Familiar: nearer to the training films than 100 % of the validation films."
    )


def test_distance_is_mahalanobis_to_the_nearest_class(draw, fitted):
    film = draw(1)[0][0]
    point = np.array(fitted.axes) @ (film - np.array(fitted.center))
    apart = [point - np.array(mean) for mean in fitted.class_means]
    expected = min(a @ np.array(fitted.precision) @ a for a in apart)
    assert distance(fitted, film) == pytest.approx(expected)
    assert distances(fitted, film[None])[0] == pytest.approx(expected)


def test_quantiles_rise_from_nearest_to_farthest_validation_film(fitted):
    assert len(fitted.distance_quantiles) == 101
    assert np.all(np.diff(fitted.distance_quantiles) >= 0)
    assert fitted.distance_quantiles[0] < fitted.unusual_above < fitted.distance_quantiles[100]


def test_fit_survives_being_written_and_read(fitted):
    assert Familiarity.model_validate_json(fitted.model_dump_json()) == fitted


@pytest.mark.parametrize("count", [2, 3, 10])
def test_few_and_equal_films_give_finite_answers(draw, count):
    embeddings, labels = draw(count)
    for films in (embeddings, np.ones_like(embeddings)):
        fitted = fit_familiarity(films, labels, films, 2)
        assert np.isfinite(distances(fitted, draw(5)[0])).all()


@pytest.mark.parametrize(
    ("use", "modality", "body_part", "state"),
    [
        (IntendedUse(modalities=["DX", "CR"]), "CT", "", "not applicable"),
        (IntendedUse(modalities=["DX", "CR"]), "CR", "", "unknown"),
        (IntendedUse(modalities=["DX"]), "OT", "", "unknown"),
        (IntendedUse(modalities=["DX"]), "", "", "unknown"),
        (IntendedUse(body_parts=["CHEST"]), "DX", "HAND", "not applicable"),
        (IntendedUse(body_parts=["CHEST"]), "DX", "CHEST", "unknown"),
        (IntendedUse(body_parts=["CHEST"]), "DX", "", "unknown"),
    ],
)
def test_model_is_not_applied_to_what_it_was_not_made_for(use, modality, body_part, state):
    film = np.zeros(DIMENSIONS, np.float32)
    judgement = judge(None, film, use, modality=modality, body_part=body_part)
    assert judgement.state == state


def test_colour_picture_is_no_film_but_a_grey_one_saved_as_rgb_is():
    grey = np.repeat(np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8, 1), 3, axis=2)
    tissue = grey * np.array([1.0, 0.6, 0.8], np.float32)
    film = np.zeros(DIMENSIONS, np.float32)
    states = [
        judge(None, film, IntendedUse(grey_only=True), coloured=is_coloured(image)).state
        for image in (grey, grey[..., 0], tissue)
    ]
    assert states == ["unknown", "unknown", "not applicable"]


def test_class_without_films_and_nan_are_refused(draw):
    embeddings, labels = draw(10)
    with pytest.raises(ValueError, match="every class"):
        fit_familiarity(embeddings, np.zeros_like(labels), embeddings, 2)
    embeddings[3, 4] = np.nan
    with pytest.raises(ValueError, match="finite"):
        fit_familiarity(embeddings, labels, embeddings, 2)
