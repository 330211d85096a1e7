"""Painting that panes share: text with an edge, the cross-hair, the colour scale."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from medkd_core.explanation.colours import colour_table
from medkd_viewer.theme import colour, ui_font

Pixels = NDArray[np.uint8]

EDGE = QColor(0, 0, 0, 210)
_CROSS_ARM = 9


def film_image(pixels: Pixels, device_ratio: float) -> QImage:
    """A grey (rows, columns) or RGB (rows, columns, 3) picture that owns its pixels."""
    grey = pixels.ndim == 2
    kind = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    return _owned_image(pixels, kind, device_ratio)


def map_image(pixels: Pixels, device_ratio: float) -> QImage:
    """A premultiplied blue, green, red, alpha picture that owns its pixels."""
    return _owned_image(pixels, QImage.Format.Format_ARGB32_Premultiplied, device_ratio)


def _owned_image(pixels: Pixels, kind: QImage.Format, device_ratio: float) -> QImage:
    pixels = np.ascontiguousarray(pixels)
    rows, columns = pixels.shape[:2]
    image = QImage(pixels.data, columns, rows, pixels.strides[0], kind).copy()
    image.setDevicePixelRatio(device_ratio)
    return image


def draw_edged_text(
    painter: QPainter, rect: QRectF, flags: int, text: str, shade: str = "text"
) -> None:
    """Text with a thin dark edge, so that it can be read on white film."""
    painter.setPen(EDGE)
    for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, 1), (-1, 1), (1, -1)):
        painter.drawText(rect.translated(dx, dy), flags, text)
    painter.setPen(colour(shade))
    painter.drawText(rect, flags, text)


def cross_hair_bounds(x: float, y: float) -> QRect:
    """Every pixel that `draw_cross_hair` may touch."""
    reach = _CROSS_ARM + 3
    return QRectF(x - reach, y - reach, 2 * reach, 2 * reach).toAlignedRect()


def draw_cross_hair(painter: QPainter, x: float, y: float) -> None:
    """A cross one device pixel wide with a dark edge."""
    arms = QPainterPath(QPointF(x - _CROSS_ARM, y))
    arms.lineTo(x + _CROSS_ARM, y)
    arms.moveTo(x, y - _CROSS_ARM)
    arms.lineTo(x, y + _CROSS_ARM)
    edge = QPen(EDGE, 3)
    edge.setCapStyle(Qt.PenCapStyle.SquareCap)
    line = QPen(colour("crosshair"), 1)
    line.setCosmetic(True)
    for pen in (edge, line):
        painter.setPen(pen)
        painter.drawPath(arms)


def draw_colour_scale(painter: QPainter, place: QRectF, colours: str) -> None:
    """The map's colours from 0 (left) to 1, with both values beside them."""
    label = 22.0
    bar = QRectF(place.left() + label, place.center().y() - 4, place.width() - 2 * label, 8)
    painter.drawImage(bar, _scale_image(colours))
    painter.setPen(QPen(EDGE, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar)
    painter.setFont(ui_font(11))
    painter.setPen(colour("violet_text"))
    middle = Qt.AlignmentFlag.AlignVCenter
    before = QRectF(place.left(), place.top(), label - 5, place.height())
    after = QRectF(bar.right() + 5, place.top(), label - 5, place.height())
    painter.drawText(before, (Qt.AlignmentFlag.AlignRight | middle).value, "0")
    painter.drawText(after, (Qt.AlignmentFlag.AlignLeft | middle).value, "1.0")


@cache
def _scale_image(colours: str) -> QImage:
    return film_image(colour_table(colours)[None], 1.0)
