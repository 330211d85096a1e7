"""An experiment: a folder of specifications with their order, and what is to be compared::

experiment.toml             title, question, seeds, comparisons; may be left out
1-teacher-densenet201.toml  a job each, in the order of their numbers
2-baseline.toml             a student: trained once from every seed
...
results.json, results.md    what came of it
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from medkd_core.errors import SpecError
from medkd_core.jobs.spec import DataSpec, JobSpec
from medkd_core.jobs.spec_file import load_spec, read_toml, with_absolute_data

EXPERIMENT_FILE = "experiment.toml"
_WHAT = "Cannot use the experiment"


class ExperimentSpec(BaseModel):
    """What `experiment.toml` says."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    title: str = ""
    question: str = ""
    """What the experiment is to answer, as a sentence for the report."""
    seeds: Annotated[int, Field(ge=1, le=1000)] = 3
    """Each student is trained from so many seeds; teachers are trained once."""
    compare: tuple[tuple[str, str], ...] = ()
    """Pairs of specifications, named as their files without number and suffix: how much better is
    the first than the second? Left out, every student is compared with the first one."""
    elsewhere: DataSpec | None = None
    """A data set of the same classes that nothing is trained on: all its images are tested too."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One specification of an experiment.

    Attributes
    ----------
    name : str
        Its file's, without number and suffix: ``distilled-from-three``.
    spec : JobSpec
    """

    name: str
    spec: JobSpec

    @property
    def is_student(self) -> bool:
        """Trained from every seed; a teacher is trained once."""
        return self.spec.kind != "teacher"


@dataclass(frozen=True, slots=True)
class Step:
    """One job of an experiment: an arm at a seed."""

    arm: str
    spec: JobSpec


@dataclass(frozen=True, slots=True)
class Experiment:
    """A folder of specifications, read and checked."""

    folder: Path
    spec: ExperimentSpec
    arms: tuple[Arm, ...]

    @property
    def title(self) -> str:
        """As given, or the folder's name."""
        return self.spec.title or self.folder.resolve().name

    @property
    def students(self) -> list[Arm]:
        """Arms that are compared, in their order."""
        return [arm for arm in self.arms if arm.is_student]

    @property
    def comparisons(self) -> list[tuple[str, str]]:
        """Pairs of arms: the one that may be better, and what it is held against."""
        names = [arm.name for arm in self.students]
        return list(self.spec.compare) or [(name, names[0]) for name in names[1:]]

    def steps(self) -> list[Step]:
        """All jobs in their order: the teachers, then every student at the first seed, and so on.

        A run that is stopped early has then compared something.
        """
        teachers = [Step(arm.name, arm.spec) for arm in self.arms if not arm.is_student]
        return teachers + [
            Step(arm.name, _seeded(arm.spec, repetition))
            for repetition in range(self.spec.seeds)
            for arm in self.students
        ]


def load_experiment(
    folder: Path,
    *,
    data: Path | None = None,
    elsewhere: Path | None = None,
    seeds: int | None = None,
) -> Experiment:
    """Read an experiment's folder.

    Parameters
    ----------
    folder : Path
    data : Path, optional
        Root of the data set instead of the one in the files; tables below that root move with it.
    elsewhere : Path, optional
        Root of the data set to be tested on as well, laid out as the files say, or else as the
        data set that is trained on.
    seeds : int, optional
        Instead of the number in `experiment.toml`.

    Raises
    ------
    SpecError
        A file cannot be used, or the files do not fit together.
    """
    spec = _experiment_spec(folder)
    arms = [Arm(_arm_name(file), load_spec(file)) for file in _spec_files(folder)]
    if data is not None:
        arms = [Arm(arm.name, _with_data(arm.spec, data.absolute())) for arm in arms]
    changes: dict[str, object] = {} if seeds is None else {"seeds": seeds}
    if elsewhere is not None:
        laid_out = spec.elsewhere or DataSpec(kind=arms[0].spec.data.kind, root=Path())
        changes["elsewhere"] = _moved(laid_out, elsewhere.absolute())
    experiment = Experiment(folder, spec.model_copy(update=changes), tuple(arms))
    _check(experiment)
    return experiment


def _experiment_spec(folder: Path) -> ExperimentSpec:
    path = folder / EXPERIMENT_FILE
    if not path.exists():
        return ExperimentSpec()
    spec = read_toml(path, ExperimentSpec)
    if spec.elsewhere is None:
        return spec
    absolute = with_absolute_data(spec.elsewhere, folder.absolute())
    return spec.model_copy(update={"elsewhere": absolute})


def _spec_files(folder: Path) -> list[Path]:
    try:
        found = [file for file in folder.iterdir() if file.suffix == ".toml"]
    except OSError as error:
        raise SpecError(
            _WHAT, path=folder, because=error.strerror or str(error), cure="Check the path."
        ) from error
    files = sorted((file for file in found if file.name != EXPERIMENT_FILE), key=_order)
    if not files:
        raise SpecError(
            _WHAT,
            path=folder,
            because="the folder holds no specification",
            cure="'medkd recipe NAME -o FOLDER' writes the specifications of a known experiment.",
        )
    return files


def _order(file: Path) -> tuple[float, str]:
    number = re.match(r"\d+", file.name)
    return (int(number[0]) if number else float("inf"), file.name)


def _arm_name(file: Path) -> str:
    return re.sub(r"^\d+[-_ ]*", "", file.stem) or file.stem


def _with_data(spec: JobSpec, root: Path) -> JobSpec:
    return spec.model_copy(update={"data": _moved(spec.data, root)})


def _moved(data: DataSpec, root: Path) -> DataSpec:
    """The data set at another place, with the tables that lie within it."""
    tables = {
        name: root / path.relative_to(data.root)
        for name in ("table", "groups")
        if (path := getattr(data, name)) is not None and path.is_relative_to(data.root)
    }
    return data.model_copy(update={"root": root, **tables})


def _seeded(spec: JobSpec, repetition: int) -> JobSpec:
    seed = spec.seed + repetition
    return spec.model_copy(update={"seed": seed, "name": f"{spec.name}, seed {seed}"})


def _check(experiment: Experiment) -> None:
    known: set[str] = set()
    for arm in experiment.arms:
        later = {other.spec.name for other in experiment.arms} - known
        for teacher in arm.spec.teachers:
            if teacher.job in later:
                raise SpecError(
                    _WHAT,
                    path=experiment.folder,
                    because=f"'{arm.name}' learns from '{teacher.job}', which comes after it",
                    cure="Number the files in the order in which the jobs are to be run.",
                )
        if not arm.spec.name or arm.spec.name in known:
            raise SpecError(
                _WHAT,
                path=experiment.folder,
                because=f"'{arm.name}' has no name of its own",
                cure="Give every specification another 'name'.",
            )
        known.add(arm.spec.name)
    names = [arm.name for arm in experiment.students]
    for name in (name for pair in experiment.comparisons for name in pair):
        if name not in names:
            raise SpecError(
                _WHAT,
                path=experiment.folder / EXPERIMENT_FILE,
                because=f"it compares '{name}', which is none of the students {', '.join(names)}",
                cure="Name the students by their files, without number and suffix.",
            )
