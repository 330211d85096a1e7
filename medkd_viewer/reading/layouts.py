"""How many cells a layout has, and what lies in each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Layout(StrEnum):
    """The arrangements of panes that can be chosen."""

    OPINION = "opinion"
    """Film and student above, the teachers below."""
    ONE = "one"
    TWO = "two"
    FOUR = "four"
    ONE_AND_FOUR = "one_and_four"

    @property
    def cells(self) -> int:
        """How many panes it shows; 0 when that depends on the model."""
        return _CELLS[self]


_CELLS = {
    Layout.OPINION: 0,
    Layout.ONE: 1,
    Layout.TWO: 2,
    Layout.FOUR: 4,
    Layout.ONE_AND_FOUR: 5,
}


@dataclass(frozen=True, slots=True)
class FilmCell:
    """A cell that shows a place of the desk, with or without a film."""

    place: int


@dataclass(frozen=True, slots=True)
class NetworkCell:
    """A cell that shows what a network looked at."""

    name: str


Content = FilmCell | NetworkCell


def filled(
    cells: int,
    chosen: Mapping[int, Content],
    wanted: Sequence[Content],
    free: Sequence[FilmCell],
) -> list[Content]:
    """What lies in each cell of a layout.

    Parameters
    ----------
    cells : int
    chosen : mapping of int to Content
        Cells, from 0, whose content the reader chose; what can no longer be shown is passed over.
    wanted : sequence of Content
        What fills the other cells, in order: films, student, teachers.
    free : sequence of FilmCell
        Places without a film, for the cells left over; with `wanted` at least `cells` of them.
    """
    possible = {*wanted, *free}
    kept = {at: content for at, content in chosen.items() if content in possible}
    rest = _without([*wanted, *free], set(kept.values()))
    return [kept[at] if at in kept else next(rest) for at in range(cells)]


def exchanged(contents: Sequence[Content], cell: int, content: Content) -> dict[int, Content]:
    """The choice after a cell was given another content, which leaves its old cell to this one's.

    Returns
    -------
    dict of int to Content
        By cell, as `filled` takes it; only what the choice touches.
    """
    changed = {cell: content}
    if content in contents:
        changed[contents.index(content)] = contents[cell]
    return changed


def smallest_for(films: int) -> Layout:
    """The smallest layout that shows so many films beside each other."""
    several = (Layout.TWO, Layout.FOUR, Layout.ONE_AND_FOUR)
    return next((layout for layout in several if layout.cells >= films), Layout.ONE_AND_FOUR)


def _without(contents: Sequence[Content], taken: set[Content]) -> Iterator[Content]:
    return (content for content in contents if content not in taken)
