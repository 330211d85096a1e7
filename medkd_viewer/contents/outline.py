"""An indented text as a page that is pleasant to read."""

from __future__ import annotations

from PySide6.QtGui import (
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)

from medkd_viewer.theme import colour

_INDENT = 22
_SPACES = 2
_LONGEST_NAME = 60
_QUOTE = "\N{LEFT DOUBLE QUOTATION MARK}"


def write_outline(document: QTextDocument, text: str) -> None:
    """Fill a document with a text in which two spaces indent by a level.

    ``Name: value`` is written with a quiet name; a line that only names what is below it, or
    what starts after a gap, is a heading. Nothing in the text is taken for markup.
    """
    document.clear()
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    lines = text.splitlines()
    for number, line in enumerate(lines):
        before = lines[number - 1] if number else ""
        following = lines[number + 1] if number + 1 < len(lines) else ""
        heads = _level(following) > _level(line) or (not before and bool(following))
        if number:
            cursor.insertBlock()
        cursor.setBlockFormat(_block(_level(line)))
        _write_line(cursor, line.strip(), is_heading=heads)
    cursor.endEditBlock()


def _write_line(cursor: QTextCursor, line: str, *, is_heading: bool) -> None:
    name, colon, value = line.partition(": ")
    if colon and len(name) <= _LONGEST_NAME and not name.startswith(_QUOTE):
        cursor.insertText(f"{name}:  ", _format("second"))
        cursor.insertText(value, _format("text"))
    else:
        cursor.insertText(line, _format("text", bold=is_heading))


def _format(shade: str, *, bold: bool = False) -> QTextCharFormat:
    style = QTextCharFormat()
    style.setForeground(colour(shade))
    style.setFontWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return style


def _block(level: int) -> QTextBlockFormat:
    style = QTextBlockFormat()
    style.setLeftMargin(_INDENT * level)
    style.setBottomMargin(4)
    style.setProperty(QTextFormat.Property.LineHeight, 125.0)
    style.setProperty(
        QTextFormat.Property.LineHeightType,
        QTextBlockFormat.LineHeightTypes.ProportionalHeight.value,
    )
    return style


def _level(line: str) -> int:
    return (len(line) - len(line.lstrip(" "))) // _SPACES
