"""What is known of the networks, without any network library."""

import subprocess
import sys

import pytest
from timm.models import get_pretrained_cfg

from medkd_core.errors import NetworkError
from medkd_core.networks import NETWORKS, network_facts, recipe_for


def test_an_unknown_network_is_refused_with_the_known_names() -> None:
    with pytest.raises(NetworkError, match=r"'resnet'.*ofa_595, ofa_595_s, densenet201"):
        network_facts("resnet")


def test_there_is_one_student_family_and_four_teacher_families() -> None:
    students = [name for name, facts in NETWORKS.items() if facts.role == "student"]
    assert students == ["ofa_595", "ofa_595_s"]
    assert len(NETWORKS) == 7


def test_the_student_sees_236_bilinear_pixels_and_transformers_224_bicubic_ones() -> None:
    student, transformer = recipe_for("ofa_595"), recipe_for("autoformer_v2_t")
    assert (student.size, student.interpolation) == (236, "bilinear")
    assert (transformer.size, transformer.interpolation) == (224, "bicubic")


def test_a_recipe_takes_another_size_when_asked() -> None:
    assert recipe_for("densenet201", 96).size == 96


def test_the_swish_variant_of_the_student_sees_pixels_that_are_not_normalised() -> None:
    recipe = recipe_for("ofa_595_s")
    assert (recipe.mean, recipe.std) == ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


@pytest.mark.parametrize("name", [name for name, facts in NETWORKS.items() if facts.timm_name])
def test_preprocessing_is_what_timm_says_of_the_published_weights(name: str) -> None:
    facts, theirs = NETWORKS[name], get_pretrained_cfg(NETWORKS[name].timm_name)
    assert (3, facts.native_size, facts.native_size) == theirs.input_size
    assert facts.interpolation == theirs.interpolation
    assert facts.crop_fraction == theirs.crop_pct
    assert (facts.mean, facts.std) == (theirs.mean, theirs.std)


def test_registry_and_published_weights_import_no_network_library() -> None:
    program = (
        "import sys, medkd_core.networks, medkd_core.networks.published;"
        "print([m for m in ('torch', 'timm', 'onnxruntime', 'huggingface_hub')"
        " if m in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert printed.stdout.strip() == b"[]"
