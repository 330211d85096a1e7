"""The display chain of a frame in words, for whoever asks why it looks as it does."""

from __future__ import annotations

from medkd_core.imaging.display.voi import Voi
from medkd_core.imaging.display.windows import default_voi
from medkd_core.imaging.frame import (
    Frame,
    LookupTable,
    Photometric,
    Rescale,
    StoredArray,
    VoiFunction,
)

_SECTIONS = {
    VoiFunction.LINEAR: "C.11.2.1.2.1",
    VoiFunction.LINEAR_EXACT: "C.11.2.1.3.2",
    VoiFunction.SIGMOID: "C.11.2.1.3.1",
}
_UNSPECIFIED = "US"


def applied_steps(
    frame: Frame, voi: Voi | None = None, *, inverted: bool = False
) -> tuple[str, ...]:
    """Every step from the stored values to the brightness on screen, in order, with figures.

    Parameters
    ----------
    frame : Frame
    voi, inverted
        As given to `medkd_core.imaging.display.chain.display_bytes`.

    Returns
    -------
    tuple of str
        One line a step, its name before a colon: ``"Rescale: × 1 − 1024 (HU) (PS3.3 C.11.1)"``.
    """
    by_reader = ("Inverted: by the reader",) if inverted else ()
    if frame.photometric is Photometric.RGB:
        return (*_colour_steps(frame), *by_reader, "Brightness: 0 to 255 a channel")
    return (
        _stored_step(frame),
        _modality_step(frame),
        _voi_step(voi or default_voi(frame), file_has_none=not frame.voi),
        *_inversion_steps(frame),
        *by_reader,
        *_padding_steps(frame),
        "Brightness: 0 to 255",
    )


def _stored_step(frame: Frame) -> str:
    return f"Stored: {_stored_words(frame.stored, frame.bits_stored)}, {frame.photometric}"


def _stored_words(stored: StoredArray, bits_stored: int) -> str:
    bits = 8 * stored.dtype.itemsize
    if stored.dtype.kind == "f":
        return f"{bits}-bit floating point"
    if bits_stored == 1:
        return "1 bit"
    return f"{bits_stored} of {bits} bits, {'signed' if stored.dtype.kind == 'i' else 'unsigned'}"


def _colour_steps(frame: Frame) -> tuple[str, ...]:
    model = frame.colour_model
    return (
        f"Colour: {model} to RGB" if model not in ("", "RGB") else "Colour: RGB as stored",
        f"Values: {_stored_words(frame.stored, frame.bits_stored)}, three channels",
        f"Scaled: 0 to {2**frame.bits_stored - 1}, without a window",
    )


def _modality_step(frame: Frame) -> str:
    transform = frame.modality
    if isinstance(transform, LookupTable):
        return f"Modality LUT: {_table_words(transform)} (PS3.3 C.11.1)"
    unit = f" ({transform.unit})" if transform.unit not in ("", _UNSPECIFIED) else ""
    if transform == Rescale(unit=transform.unit):
        return f"Rescale: none{unit}"
    sign = "−" if transform.intercept < 0 else "+"
    slope, intercept = _figure(transform.slope), _figure(abs(transform.intercept))
    return f"Rescale: × {slope} {sign} {intercept}{unit} (PS3.3 C.11.1)"


def _voi_step(voi: Voi, *, file_has_none: bool) -> str:
    name = f" “{voi.explanation}”" if voi.explanation else ""
    if isinstance(voi, LookupTable):
        return f"VOI LUT:{name} {_table_words(voi)} (PS3.3 C.11.2.1.1)"
    origin = "; the file has none" if file_has_none else ""
    return (
        f"Window:{name} C {_figure(voi.center)} W {_figure(voi.width)}, {voi.function} "
        f"(PS3.3 {_SECTIONS[voi.function]}){origin}"
    )


def _inversion_steps(frame: Frame) -> tuple[str, ...]:
    if frame.inverse_presentation:
        return ("Inverted: Presentation LUT Shape is INVERSE (PS3.3 C.11.6.1.2)",)
    if frame.photometric is not Photometric.MONOCHROME1:
        return ()
    if frame.inverse_presentation is None:
        return ("Inverted: MONOCHROME1, low values are bright (PS3.3 C.7.6.3.1.2)",)
    return ("Not inverted: Presentation LUT Shape is IDENTITY (PS3.3 C.11.6.1.2)",)


def _padding_steps(frame: Frame) -> tuple[str, ...]:
    if frame.padding is None:
        return ()
    low, high = (_figure(value) for value in frame.padding)
    values = low if low == high else f"{low} to {high}"
    return (f"Padding: stored {values} shown as background (PS3.3 C.7.5.1.1.2)",)


def _table_words(table: LookupTable) -> str:
    first, last = table.first, table.first + len(table.values) - 1
    return f"{len(table.values)} entries of {table.bits} bits, for {first} to {last}"


def _figure(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.6g}"
