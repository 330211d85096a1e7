"""Specification files: what is read, what is refused, and in which words."""

import tomllib
from pathlib import Path

import pytest

from medkd_core.errors import SpecError
from medkd_core.jobs.spec_file import load_spec
from medkd_core.jobs.spec_text import spec_to_toml

STUDENT = """
kind = "student"
[data]
kind = "folder"
root = "films"
[network]
name = "ofa_595"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "spec.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(SpecError) as caught:
        load_spec(written(folder, text))
    return str(caught.value)


def test_relative_paths_are_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    text = STUDENT + 'weights = "../start.safetensors"\n'
    spec = load_spec(written(tmp_path, text))
    assert spec.data.root == tmp_path / "films"
    assert spec.network.weights == tmp_path / "../start.safetensors"


def test_absolute_paths_stay(tmp_path: Path) -> None:
    spec = load_spec(written(tmp_path, STUDENT.replace('"films"', '"/data/films"')))
    assert spec.data.root == Path("/data/films")


def test_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    assert load_spec(written(tmp_path, "\ufeff" + STUDENT)).kind == "student"


def test_misspelt_key_names_the_nearest_and_the_allowed(tmp_path: Path) -> None:
    message = refusal(tmp_path, STUDENT + "[training]\nepoch = 3\n")
    assert "spec.toml" in message
    assert "'training.epoch'" in message
    assert "Did you mean 'epochs'?" in message
    assert "batch_size" in message


def test_misspelt_key_of_a_teacher_is_explained(tmp_path: Path) -> None:
    text = STUDENT.replace("student", "distill") + '[[teachers]]\njob = "a"\nweigth = 2\n'
    assert "Did you mean 'weight'?" in refusal(tmp_path, text)


def test_missing_entry_is_named(tmp_path: Path) -> None:
    assert "'data' is missing" in refusal(tmp_path, 'kind = "student"\n[network]\nname = "x"\n')


def test_wrong_value_is_quoted(tmp_path: Path) -> None:
    message = refusal(tmp_path, STUDENT + "[training]\nepochs = 0\n")
    assert "'training.epochs' is 0" in message
    assert "greater than or equal to 1" in message


def test_text_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, "kind = student\n")
    assert "it is not TOML" in message
    assert "\n" not in message


def test_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "spec.toml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(SpecError, match="not UTF-8"):
        load_spec(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="No such file"):
        load_spec(tmp_path / "absent.toml")


def test_distillation_without_a_teacher_is_refused(tmp_path: Path) -> None:
    assert "at least one teacher" in refusal(tmp_path, STUDENT.replace("student", "distill"))


def test_student_with_a_teacher_is_refused(tmp_path: Path) -> None:
    assert "has no teachers" in refusal(tmp_path, STUDENT + '[[teachers]]\njob = "a"\n')


def test_short_text_is_read_back_to_the_same_specification(tmp_path: Path) -> None:
    text = STUDENT + "[training]\nema_decay = 0.99\n"
    spec = load_spec(written(tmp_path, text))
    short, long = spec_to_toml(spec), spec_to_toml(spec, every_entry=True)
    assert load_spec(written(tmp_path, short)) == load_spec(written(tmp_path, long)) == spec
    assert "ema_decay" in short
    assert "label_smoothing" in long
    assert "label_smoothing" not in short
    assert "[distillation]" not in short


def test_odd_characters_survive_the_file(tmp_path: Path) -> None:
    name = 'a "b" \\ \x7f \n é'
    spec = load_spec(written(tmp_path, STUDENT)).model_copy(update={"name": name})
    assert tomllib.loads(spec_to_toml(spec))["name"] == name


@pytest.mark.parametrize(
    "text",
    [
        STUDENT + "[training]\nlearning_rate = inf\n",
        STUDENT + "[view]\nlow_percentile = 90.0\nhigh_percentile = 5.0\n",
        f"seed = {10**40}\n" + STUDENT,
        f"seed = {'9' * 5000}\n" + STUDENT,
        "deep = " + "[" * 3000,
    ],
)
def test_number_or_nesting_beyond_reason_is_one_sentence(tmp_path: Path, text: str) -> None:
    assert "spec.toml" in refusal(tmp_path, text)


def test_tilde_is_the_home_in_every_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    text = STUDENT.replace('"films"', '"~/films"\ngroups = "~/groups.csv"')
    spec = load_spec(written(tmp_path, text + 'weights = "~/start.safetensors"\n'))
    assert spec.data.root == tmp_path / "films"
    assert spec.data.groups == tmp_path / "groups.csv"
    assert spec.network.weights == tmp_path / "start.safetensors"


def test_teacher_whose_name_is_too_long_for_a_file_is_taken_for_a_name(tmp_path: Path) -> None:
    teacher = "a" * 300
    text = STUDENT.replace("student", "distill") + f'[[teachers]]\njob = "{teacher}"\n'
    assert load_spec(written(tmp_path, text)).teachers[0].job == teacher


@pytest.mark.parametrize(
    ("launch", "words"),
    [
        ("processes = 2\n", "and 'local' starts one. Choose the launcher 'torchrun'"),
        ('launcher = "slurm"\ngpus = 2\n', "'launch.gpus' is 2 for 1 processes"),
    ],
)
def test_processes_that_nobody_starts_are_refused(tmp_path: Path, launch: str, words: str) -> None:
    assert words in refusal(tmp_path, f"{STUDENT}[launch]\n{launch}")


@pytest.mark.parametrize("wrong", ["0", "5000", '"most"', "2.5", "true"])
def test_wrong_batch_size_is_explained_in_one_sentence(tmp_path: Path, wrong: str) -> None:
    message = refusal(tmp_path, STUDENT + f"[training]\nbatch_size = {wrong}\n")
    assert "'training.batch_size' is" in message
    assert "a whole number from 1 to 4096, or 'largest'" in message


def test_batch_size_may_be_the_largest(tmp_path: Path) -> None:
    text = STUDENT + '[training]\nbatch_size = "largest"\n'
    assert load_spec(written(tmp_path, text)).training.batch_size == "largest"
