"""Where panes stand: film and student large above, the teachers below."""

from __future__ import annotations

from itertools import pairwise

GAP = 3
_HEAD = 27

Box = tuple[int, int, int, int]


def arranged(width: int, height: int, above: int, below: int) -> list[Box]:
    """Boxes for the panes above and below, in order.

    Parameters
    ----------
    width, height : int
        Of the whole area.
    above, below : int
        How many panes; `below` may be 0.

    Returns
    -------
    list of (left, top, width, height)
    """
    if below == 0:
        return _row(0, width, height, above)
    first = _upper_height(width, height, above, below)
    second = height - first - GAP
    return _row(0, width, first, above) + _row(first + GAP, width, second, below)


def _upper_height(width: int, height: int, above: int, below: int) -> int:
    # Square films want rows as high as their panes are wide; what is left over is shared alike.
    wanted_above = (width - GAP * (above - 1)) / above + _HEAD
    wanted_below = (width - GAP * (below - 1)) / below + _HEAD
    share = wanted_above / (wanted_above + wanted_below)
    return round((height - GAP) * min(max(share, 0.4), 0.7))


def _row(top: int, width: int, height: int, count: int) -> list[Box]:
    edges = [round((width + GAP) * i / count) for i in range(count + 1)]
    return [(left, top, right - left - GAP, height) for left, right in pairwise(edges)]
