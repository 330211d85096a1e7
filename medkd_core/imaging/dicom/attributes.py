"""What a DICOM header says about showing one of its frames.

In multi-frame objects these attributes live in functional groups, per frame or shared
(PS3.3 C.7.6.16); in all others at the top of the data set.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, Sequence

from medkd_core.imaging.frame import (
    MOST_OBLONG,
    LookupTable,
    Rescale,
    Spacing,
    SpacingBasis,
    StoredArray,
    VoiFunction,
    Window,
)

_IN_PATIENT_SPACE = frozenset(
    ("CT", "MR", "PT", "NM", "US", "IVUS", "IVOCT", "OCT", "OPT", "SM", "SEG", "RTDOSE")
)


def modality_transform(header: Dataset, index: int) -> Rescale | LookupTable:
    """Modality LUT or rescale of a frame (PS3.3 C.11.1); a slope of 0 is ignored."""
    tables = _lookup_tables(header, "ModalityLUTSequence", signed=_is_signed(header))
    if tables:
        return tables[0]
    values = _macro(header, index, "PixelValueTransformationSequence")
    slope = _number(values, "RescaleSlope", 1.0)
    if slope == 0.0:
        return Rescale()
    return Rescale(slope, _number(values, "RescaleIntercept", 0.0), _text(values, "RescaleType"))


def voi_transforms(header: Dataset, index: int) -> tuple[Window | LookupTable, ...]:
    """All VOI LUTs and windows of a frame (PS3.3 C.11.2), unusable ones left out.

    The standard calls them alternatives. LUTs come first, as highdicom and pydicom choose: a maker
    who gives both has tuned the LUT, and the window stands for it where none is supported.
    """
    values = _macro(header, index, "FrameVOILUTSequence")
    signed = _goes_below_zero(header, modality_transform(header, index))
    return (*_lookup_tables(header, "VOILUTSequence", signed=signed), *_windows(values))


def padding_range(header: Dataset, stored: StoredArray) -> tuple[float, float] | None:
    """Stored values that mean "no picture here" (PS3.3 C.7.5.1.1.2)."""
    for keyword in ("PixelPadding", "FloatPixelPadding", "DoubleFloatPixelPadding"):
        first = _padding(header, f"{keyword}Value", stored)
        if first is not None:
            limit = _padding(header, f"{keyword}RangeLimit", stored)
            second = first if limit is None else limit
            return min(first, second), max(first, second)
    return None


def is_inverse(header: Dataset) -> bool | None:
    """Whether the Presentation LUT Shape is INVERSE; None when it is neither that nor IDENTITY."""
    return {"INVERSE": True, "IDENTITY": False}.get(_text(header, "PresentationLUTShape").upper())


def pixel_spacing(header: Dataset, index: int) -> Spacing | None:
    """Spacing in mm, with how it is known (PS3.3 10.7.1.1, 10.7.1.3).

    Only where pictures are made in the patient's own space does Pixel Spacing always measure the
    patient. On projections, captures and files that do not say what they are, it does so only if
    somebody calibrated it: it says so, or differs from the spacing at the detector. Magnification
    estimates are ignored. Without
    any spacing the Pixel Aspect Ratio gives the shape of a pixel.
    """
    measures = _macro(header, index, "PixelMeasuresSequence")
    spacing = _pair(measures, "PixelSpacing")
    at_detector = _pair(header, "ImagerPixelSpacing") or _pair(header, "NominalScannedPixelSpacing")
    if spacing is None:
        known = at_detector and Spacing(*at_detector, SpacingBasis.AT_DETECTOR)
        return known or _pixel_shape(header)
    if _text(header, "Modality") in _IN_PATIENT_SPACE:
        return Spacing(*spacing, SpacingBasis.CALIBRATED)
    if _text(header, "PixelSpacingCalibrationType") or at_detector not in (None, spacing):
        return Spacing(*spacing, SpacingBasis.CALIBRATED)
    basis = SpacingBasis.UNKNOWN if at_detector is None else SpacingBasis.AT_DETECTOR
    return Spacing(*spacing, basis)


def _pixel_shape(header: Dataset) -> Spacing | None:
    """Height to width of a pixel where no length is known (PS3.3 C.7.6.3.1.7); None if square."""
    height, width = _pair(header, "PixelAspectRatio") or (1.0, 1.0)
    ratio = height / width
    if ratio == 1.0 or not 1 / MOST_OBLONG <= ratio <= MOST_OBLONG:
        return None
    return Spacing(ratio, 1.0, SpacingBasis.UNKNOWN, is_shape_only=True)


def _macro(header: Dataset, index: int, sequence: str) -> Dataset:
    """The data set that holds a functional group's attributes for one frame."""
    groups = (
        (_items(header, "PerFrameFunctionalGroupsSequence"), index),
        (_items(header, "SharedFunctionalGroupsSequence"), 0),
    )
    for items, position in groups:
        if position < len(items) and (found := _items(items[position], sequence)):
            return found[0]
    return header


def _items(values: Dataset, keyword: str) -> Sequence | tuple[Dataset, ...]:
    """Items of a sequence; none where something else is written in its place."""
    items = values.get(keyword)
    return items if isinstance(items, Sequence) else ()


def _windows(values: Dataset) -> list[Window]:
    centers, widths = _numbers(values, "WindowCenter"), _numbers(values, "WindowWidth")
    names = _texts(values, "WindowCenterWidthExplanation")
    function = _voi_function(values)
    smallest = 1.0 if function is VoiFunction.LINEAR else math.ulp(0.0)
    return [
        Window(center, width, function, names[i] if i < len(names) else "")
        for i, (center, width) in enumerate(zip(centers, widths, strict=False))
        if width >= smallest and math.isfinite(center) and math.isfinite(width)
    ]


def _voi_function(values: Dataset) -> VoiFunction:
    name = _text(values, "VOILUTFunction").upper()
    return VoiFunction(name) if name in set(VoiFunction) else VoiFunction.LINEAR


def _is_signed(header: Dataset) -> bool:
    return _number(header, "PixelRepresentation", 0) == 1


def _goes_below_zero(header: Dataset, modality: Rescale | LookupTable) -> bool:
    """Whether values of the modality may be negative (PS3.3 C.11.2.1.1)."""
    if isinstance(modality, LookupTable):
        return False
    bits = min(_number(header, "BitsStored", 16), 32)
    lowest = -(2 ** (bits - 1)) if _is_signed(header) else 0
    ends = (modality.slope * stored + modality.intercept for stored in (lowest, lowest + 2**bits))
    return min(ends) < 0


def _lookup_tables(header: Dataset, sequence: str, *, signed: bool) -> list[LookupTable]:
    tables = (_lookup_table(item, header, signed) for item in _items(header, sequence))
    return [table for table in tables if table is not None]


def _lookup_table(item: Dataset, header: Dataset, signed: bool) -> LookupTable | None:
    descriptor, data = _numbers(item, "LUTDescriptor"), item.get("LUTData")
    if len(descriptor) != 3 or data is None or not all(map(math.isfinite, descriptor)):
        return None
    entries, first, bits = (int(number) for number in descriptor)
    if signed and first >= 2**15:
        first -= 2**16  # a signed value that was written, or read, as an unsigned one
    # The length field has 16 bits: 0 stands for 65536 entries.
    values = _table_values(data, entries or 2**16, bool(header.original_encoding[1]))
    if not values.size:
        return None
    return LookupTable(first, values, min(max(bits, 1), 16), _text(item, "LUTExplanation"))


def _table_values(data: Any, entries: int, little_endian: bool) -> NDArray[np.int64]:
    """Entries of a table, as many as there are; none where they are no numbers."""
    if not isinstance(data, bytes):
        try:
            return np.atleast_1d(np.asarray(data, np.int64))[:entries]
        except (TypeError, ValueError, OverflowError):
            return np.empty(0, np.int64)
    is_short = len(data) < 2 * entries
    if is_short and len(data) in (entries, entries + 1):  # one byte each, made even
        return np.frombuffer(data, np.uint8)[:entries].astype(np.int64)
    words = np.frombuffer(data[: len(data) // 2 * 2], "<u2" if little_endian else ">u2")
    return words[:entries].astype(np.int64)


def _padding(header: Dataset, keyword: str, stored: StoredArray) -> float | None:
    values = _numbers(header, keyword)
    if not values:
        return None
    bits = 8 * stored.dtype.itemsize
    if stored.dtype.kind == "i" and values[0] >= 2 ** (bits - 1):
        # Written as unsigned although the pixels are signed.
        return values[0] - 2.0**bits
    return values[0]


def _numbers(values: Dataset, keyword: str) -> list[float]:
    try:
        value = values.get(keyword)
        if value is None or value == "":
            return []
        return [float(v) for v in (value if _is_several(value) else [value])]
    except (TypeError, ValueError, OverflowError):
        return []


def _number(values: Dataset, keyword: str, default: float) -> float:
    numbers = _numbers(values, keyword)
    return numbers[0] if numbers and math.isfinite(numbers[0]) else default


def _pair(values: Dataset, keyword: str) -> tuple[float, float] | None:
    numbers = _numbers(values, keyword)
    usable = len(numbers) == 2 and all(math.isfinite(n) and n > 0 for n in numbers)
    return (numbers[0], numbers[1]) if usable else None


def _texts(values: Dataset, keyword: str) -> list[str]:
    value = values.get(keyword)
    if value is None:
        return []
    return [str(v).strip() for v in (value if _is_several(value) else [value])]


def _text(values: Dataset, keyword: str) -> str:
    return next(iter(_texts(values, keyword)), "")


def _is_several(value: Any) -> bool:
    return not isinstance(value, str | bytes) and hasattr(value, "__iter__")
