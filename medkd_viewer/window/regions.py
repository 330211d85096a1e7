"""The parts of the window that F6 goes round."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the window, and how it takes the focus."""

    widget: QWidget
    take_focus: Callable[[], None]


def region_of(widget: QWidget) -> Region:
    """A part whose first usable control takes the focus."""
    return Region(widget, lambda: _focus_first(widget))


def go_to_next(regions: Sequence[Region]) -> None:
    """Move the focus from the part that has it to the next visible one, and round again."""
    visible = [region for region in regions if region.widget.isVisible()]
    if not visible:
        return
    holder = next((n for n, region in enumerate(visible) if _has_focus(region.widget)), -1)
    visible[(holder + 1) % len(visible)].take_focus()


def _has_focus(widget: QWidget) -> bool:
    focus = QApplication.focusWidget()
    return focus is not None and (focus is widget or widget.isAncestorOf(focus))


def _focus_first(widget: QWidget) -> None:
    for control in (widget, *_in_focus_order(widget)):
        if control.isVisible() and control.isEnabled() and _is_for_tab(control):
            control.setFocus(Qt.FocusReason.TabFocusReason)
            return


def _in_focus_order(widget: QWidget) -> Iterator[QWidget]:
    at = widget.nextInFocusChain()
    while at is not None and widget.isAncestorOf(at):
        yield at
        at = at.nextInFocusChain()


def _is_for_tab(control: QWidget) -> bool:
    return bool(control.focusPolicy() & Qt.FocusPolicy.TabFocus)
