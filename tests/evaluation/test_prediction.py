import subprocess
import sys

import numpy as np
import pytest

from medkd_core.bundles.schema import IntendedUse, ReliabilityBin
from medkd_core.errors import EngineError
from medkd_core.evaluation.calibration import wilson_interval
from medkd_core.evaluation.familiarity import fit_familiarity
from medkd_core.evaluation.prediction import predict
from medkd_core.imaging.preprocessing import network_input, view_image


def changed(bundle, **changes):
    return bundle.manifest.model_copy(update=changes)


def test_every_network_that_is_there_is_asked_the_student_first(bundle, engines, frame):
    prediction = predict(bundle.manifest, engines, frame)
    assert [opinion.network for opinion in prediction.opinions] == ["vgg19", "vgg19_bn"]
    assert prediction.probabilities == prediction.opinions[0].probabilities
    assert prediction.classes[prediction.decision] in bundle.manifest.classes
    for opinion in prediction.opinions:
        assert sum(opinion.probabilities) == pytest.approx(1)


def test_student_alone_is_enough(bundle, engines, frame):
    prediction = predict(bundle.manifest, {"vgg19": engines["vgg19"]}, frame)
    assert len(prediction.opinions) == 1
    assert prediction.seconds > 0


def test_temperature_tempers_the_probabilities(bundle, engines, frame):
    cold = bundle.manifest.networks[0].model_copy(update={"temperature": 0.01})
    sharp = predict(changed(bundle, networks=[cold]), engines, frame)
    plain = predict(bundle.manifest, engines, frame)
    assert max(sharp.probabilities) > max(plain.probabilities)
    assert sharp.decision == plain.decision


def test_interval_is_that_of_like_validation_images(bundle, engines, frame):
    bins = [
        ReliabilityBin(low=0, high=0.3, count=5, correct=1),
        ReliabilityBin(low=0.3, high=1, count=50, correct=20),
    ]
    prediction = predict(changed(bundle, reliability=bins), engines, frame)
    assert prediction.interval == wilson_interval(20, 50)
    assert predict(bundle.manifest, engines, frame).interval is None


def test_film_like_the_training_films_is_familiar_and_another_is_not(bundle, engines, frame):
    entry, view = bundle.manifest.student, bundle.manifest.view
    image = network_input(view_image(frame, view), view, entry.recipe)
    noise = np.random.default_rng(0).normal(scale=0.1, size=(40, *image.shape))
    films = (image + noise).astype(np.float32)
    embeddings = engines["vgg19"].embeddings(films)
    labels = np.arange(40) % 3
    familiarity = fit_familiarity(embeddings, labels, embeddings, 3)
    manifest = changed(bundle, familiarity=familiarity)
    assert predict(manifest, engines, frame).familiarity == "familiar"
    far = familiarity.model_copy(update={"center": [c + 100 for c in familiarity.center]})
    prediction = predict(changed(bundle, familiarity=far), engines, frame)
    assert prediction.familiarity == "unusual"
    assert prediction.familiarity_reason.startswith("Unusual")


def test_foreign_modality_is_not_applicable(bundle, engines, frame):
    manifest = changed(bundle, intended_use=IntendedUse(modalities=["DX", "CR"]))
    prediction = predict(manifest, engines, frame, modality="MR")
    assert prediction.familiarity == "not applicable"
    assert "this is MR" in prediction.familiarity_reason
    assert predict(manifest, engines, frame, modality="DX").familiarity == "unknown"


def test_network_that_answers_nan_is_an_error_not_a_probability(bundle, engines, frame):
    class Broken(type(engines["vgg19"])):
        def logits(self, inputs):
            return super().logits(inputs) * np.float32(np.nan)

    broken = Broken(bundle.onnx_path("vgg19"))
    with pytest.raises(EngineError, match="not finite"):
        predict(bundle.manifest, {"vgg19": broken}, frame)


def test_importing_predictions_loads_no_network_library():
    script = (
        "import sys, medkd_core.evaluation.prediction, medkd_core.evaluation.explaining;"
        "print({'torch', 'torchvision', 'timm', 'onnx', 'onnxruntime', 'sklearn', 'torchmetrics'}"
        " & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"


def test_bundle_that_contradicts_its_networks_is_an_error(bundle, engines, frame):
    for classes in (["one", "two"], ["one", "two", "three", "four"]):
        with pytest.raises(EngineError, match="one value for each of"):
            predict(changed(bundle, classes=classes), engines, frame)
    foreign = fit_familiarity(
        np.eye(4, dtype=np.float32), np.array([0, 1, 2, 0]), np.eye(4, dtype=np.float32), 3
    )
    with pytest.raises(EngineError, match="measured on another network"):
        predict(changed(bundle, familiarity=foreign), engines, frame)
