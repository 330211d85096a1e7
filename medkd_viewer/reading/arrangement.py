"""Where panes stand in each layout."""

from __future__ import annotations

from itertools import pairwise

from medkd_viewer.reading.layouts import Layout

GAP = 3
_HEAD = 27
_WIDE = 1.35
"""Width to height from which the one of one and four stands beside the four, not above them."""

Box = tuple[int, int, int, int]
"""Left, top, width and height."""


def boxes_of(layout: Layout, width: int, height: int) -> list[Box]:
    """Boxes for the cells of a layout other than the opinion's, in order.

    Parameters
    ----------
    layout : Layout
    width, height : int
        Of the whole area.
    """
    if layout is Layout.FOUR:
        return _rows(width, height, (2, 2))
    if layout is Layout.ONE_AND_FOUR:
        return _one_and_four(width, height)
    return _row(0, width, height, layout.cells)


def arranged(width: int, height: int, above: int, below: int) -> list[Box]:
    """Boxes for the panes above and below, in order; those above are the larger ones.

    Parameters
    ----------
    width, height : int
        Of the whole area.
    above, below : int
        How many panes; `below` may be 0.
    """
    if below == 0:
        return _row(0, width, height, above)
    first = _upper_height(width, height, above, below)
    second = height - first - GAP
    return _row(0, width, first, above) + _row(first + GAP, width, second, below)


def _one_and_four(width: int, height: int) -> list[Box]:
    if width < height * _WIDE:
        return arranged(width, height, 1, 4)
    # Square films: the one as wide as it is high, the four in what is left over.
    one = round(min(max(height, width * 0.45), width * 0.6))
    four = _rows(width - one - GAP, height, (2, 2))
    beside = [(one + GAP + left, top, wide, high) for left, top, wide, high in four]
    return [(0, 0, one, height), *beside]


def _upper_height(width: int, height: int, above: int, below: int) -> int:
    # Square films want rows as high as their panes are wide; what is left over is shared alike.
    wanted_above = (width - GAP * (above - 1)) / above + _HEAD
    wanted_below = (width - GAP * (below - 1)) / below + _HEAD
    share = wanted_above / (wanted_above + wanted_below)
    return round((height - GAP) * min(max(share, 0.4), 0.7))


def _rows(width: int, height: int, counts: tuple[int, ...]) -> list[Box]:
    rows = _edges(height, len(counts))
    return [
        box
        for (top, bottom), count in zip(rows, counts, strict=True)
        for box in _row(top, width, bottom - top, count)
    ]


def _row(top: int, width: int, height: int, count: int) -> list[Box]:
    return [(left, top, right - left, height) for left, right in _edges(width, count)]


def _edges(length: int, count: int) -> list[tuple[int, int]]:
    edges = [round((length + GAP) * i / count) for i in range(count + 1)]
    return [(start, end - GAP) for start, end in pairwise(edges)]
