from __future__ import annotations

import pytest

from medkd_viewer.theme import COLOURS, THEMES, apply_theme, colour

GROUNDS = ("black", "ground", "panel", "bar")
SIGNS = {
    "well": "well_dark",
    "caution": "caution_dark",
    "failure": "failure_dark",
    "violet_text": "violet_dark",
}


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.1 for ``#rrggbb``."""
    shares = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return sum(w * s for w, s in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("theme", "least"), [("calm", 4.5), ("high_contrast", 7.0)])
def test_every_text_can_be_read_on_its_ground(theme, least):
    shades = THEMES[theme]
    pairs = [(text, ground) for text in ("text", "second", "third") for ground in GROUNDS]
    pairs += [(text, ground) for text in ("text", "second") for ground in ("raised", "field")]
    pairs += [(sign, ground) for sign in ("well", "caution", "failure") for ground in GROUNDS]
    pairs += [*SIGNS.items(), ("on_blue", "blue_ground"), ("on_blue", "blue_hover")]
    weak = {p: contrast(shades[p[0]], shades[p[1]]) for p in pairs}
    assert {pair: value for pair, value in weak.items() if value < least} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_focus_stands_out_from_every_ground(theme):
    shades = THEMES[theme]
    assert min(contrast(shades["blue"], shades[ground]) for ground in (*GROUNDS, "raised")) >= 3


def test_every_theme_names_the_same_colours():
    assert {frozenset(shades) for shades in THEMES.values()} == {frozenset(COLOURS)}


def test_theme_is_exchanged_while_the_program_runs(qapp):
    apply_theme(qapp, "high_contrast")
    assert colour("second").name() == THEMES["high_contrast"]["second"]
    apply_theme(qapp)
    assert colour("second").name() == THEMES["calm"]["second"]
