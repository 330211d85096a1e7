"""Which drawn mask is which film's."""

from __future__ import annotations

from pathlib import Path

import pytest

from medkd_core.cli.drawn_masks import DrawnMasks
from medkd_core.imaging.study import Refusal


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    (tmp_path / "b").mkdir()
    for name in ("f.png", "b/f.png", "only.png"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def chosen(masks: Path, *places: str) -> list[Path | Refusal | None]:
    findings = DrawnMasks(masks, None).chosen({Path("films") / p: p for p in places}).findings
    return [findings.get(Path("films") / place) for place in places]


def refusal(found: Path | Refusal | None) -> str:
    assert isinstance(found, Refusal)
    return found.reason


def test_a_mask_at_the_films_own_place_comes_before_one_of_its_bare_name(masks: Path) -> None:
    assert chosen(masks, "b/f.png") == [masks / "b" / "f.png"]
    assert chosen(masks, "b/f.dcm", "f.png") == [masks / "b" / "f.png", masks / "f.png"]


def test_a_bare_name_of_several_films_is_refused_by_name(masks: Path) -> None:
    for found in chosen(masks, "c/f.png", "d/f.dcm"):
        assert f"the mask {masks / 'f.png'} fits other films" in refusal(found)
    own, shared = chosen(masks, "b/f.png", "c/f.png")
    assert own == masks / "b" / "f.png"
    assert "fits other films" in refusal(shared)


def test_a_bare_name_of_one_film_is_used(masks: Path) -> None:
    assert chosen(masks, "c/only.dcm", "c/other.dcm") == [masks / "only.png", None]


def test_of_two_films_in_one_place_the_one_of_the_masks_full_name_has_it(masks: Path) -> None:
    shared, own = chosen(masks, "only.dcm", "only.png")
    assert own == masks / "only.png"
    assert "fits other films" in refusal(shared)
    assert all(isinstance(one, Refusal) for one in chosen(masks, "only.dcm", "only.jpg"))
