"""That the project's lists agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def requirement_names(lines: list[str]) -> set[str]:
    found = (re.match(r"[A-Za-z0-9_.-]+", line.strip()) for line in lines)
    return {match.group().lower().replace("_", "-") for match in found if match}


def project() -> dict[str, list[str]]:
    described = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        "dependencies": described["dependencies"],
        "test": described["optional-dependencies"]["test"],
    }


def constraints() -> list[str]:
    lines = (ROOT / "packaging" / "constraints.txt").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_every_dependency_has_a_tested_version() -> None:
    wanted = requirement_names(project()["dependencies"] + project()["test"])
    assert wanted - requirement_names(constraints()) == set()


def test_constraints_are_versions_without_addresses() -> None:
    for line in constraints():
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.!+-]+", line), line


def test_the_reading_room_needs_only_what_the_project_names_and_no_torch() -> None:
    lines = (ROOT / "packaging" / "reading-room.txt").read_text().splitlines()
    reading = requirement_names([line for line in lines if not line.startswith("#")])
    assert reading <= requirement_names(project()["dependencies"])
    assert not reading & {"torch", "torchvision", "timm", "onnx", "lightning-fabric"}


def test_opencv_comes_without_its_own_qt() -> None:
    names = requirement_names(project()["dependencies"] + constraints())
    assert "opencv-python-headless" in names
    assert "opencv-python" not in names


def test_the_readme_lists_the_system_libraries_that_ci_installs() -> None:
    readme = (ROOT / "README.md").read_text()
    for package in (ROOT / "packaging" / "qt-libraries.txt").read_text().split():
        assert package in readme
