"""What a measurement says, as lines of text with their units."""

from __future__ import annotations

from medkd_core.imaging.display.values import in_modality_units
from medkd_core.imaging.frame import Frame, LookupTable, Photometric, Rescale
from medkd_core.imaging.study import Instance
from medkd_viewer.measuring.measurement import Kind, Measurement
from medkd_viewer.measuring.region import Statistics, region_statistics
from medkd_viewer.measuring.ruler import Ruler

Lines = tuple[str, ...]

_NO_UNITS = ("", "US")
_VIEW_NOTES = {
    "PA": "",
    "AP": "AP film: the heart is magnified, the ratio is meant for PA",
    "": "View not stated: the ratio is meant for PA films",
}


def readings(measurement: Measurement, frame: Frame, instance: Instance) -> Lines:
    """What a measurement on a frame says.

    Parameters
    ----------
    measurement : Measurement
    frame : Frame
        The film that it lies on.
    instance : Instance
        Its modality settles the unit of a CT, its view what a cardiothoracic ratio is worth.
    """
    ruler = Ruler(frame.spacing)
    points = measurement.points
    match measurement.kind:
        case Kind.LENGTH:
            return (length_words(ruler.length(*points), ruler),)
        case Kind.ANGLE:
            angle = ruler.angle(*points)
            return ("–" if angle is None else f"{angle:.1f}°",)
        case Kind.PROBE:
            return _probe_words(measurement, frame, instance)
        case Kind.HEART_RATIO:
            return _heart_words(measurement, ruler, instance)
    return _region_words(measurement, ruler, frame, instance)


def length_words(length: float, ruler: Ruler) -> str:
    """``"123.4 mm (at detector)"``; ``"512.0 px"`` where millimetres are not known."""
    return f"{length:.1f} mm ({ruler.basis})" if ruler.in_mm else f"{length:.1f} px"


def pixel_values(frame: Frame, column: int, row: int) -> tuple[float, ...]:
    """What a pixel holds: one value in the modality's unit, or red, green and blue as stored."""
    if frame.photometric is Photometric.RGB:
        return tuple(float(value) for value in frame.stored[row, column])
    return (float(in_modality_units(frame.stored[row, column : column + 1], frame)[0]),)


def unit_of(frame: Frame, instance: Instance) -> str:
    """The unit of a frame's modality values: ``"HU"``, or words for what they are instead.

    A CT that rescales and names no type means Hounsfield units (PS3.3 C.8.2.1, Rescale Type).
    """
    if isinstance(frame.modality, LookupTable):
        return "value of the modality's table"
    if frame.modality.unit not in _NO_UNITS:
        return frame.modality.unit
    if frame.modality == Rescale(unit=frame.modality.unit):
        return "stored value"
    is_ct = instance.modality == "CT" and not frame.modality.unit
    return "HU" if is_ct else "rescaled value, no unit"


def _region_words(region: Measurement, ruler: Ruler, frame: Frame, instance: Instance) -> Lines:
    found = region_statistics(frame, region)
    area = f"{ruler.area(region):.1f} mm² ({ruler.basis})" if ruler.in_mm else ""
    area = area or f"{ruler.area(region):.1f} px²"
    size = f"Area {area}"
    if not found.channels:
        return size, "No pixel inside"
    if len(found.channels) > 1:
        return (*map(_channel_words, found.channels), f"{size} · {found.count} px")
    grey = found.channels[0]
    unit = _after_value(unit_of(frame, instance))
    spread = f"SD {_figure(grey.deviation)}"
    ends = f"Min {_figure(grey.lowest)} · Max {_figure(grey.highest)} · {found.count} px"
    return f"Mean {_figure(grey.mean)}{unit} · {spread}", ends, size


def _channel_words(channel: Statistics) -> str:
    ends = f"{_figure(channel.lowest)} to {_figure(channel.highest)}"
    mean, deviation = _figure(channel.mean), _figure(channel.deviation)
    return f"{channel.channel} mean {mean} · SD {deviation} · {ends}"


def _probe_words(probe: Measurement, frame: Frame, instance: Instance) -> Lines:
    ((x, y),) = probe.points
    # The far edges of the film belong to its last pixels.
    column, row = min(int(x), frame.columns - 1), min(int(y), frame.rows - 1)
    place, values = f"x {column} y {row}", pixel_values(frame, column, row)
    if len(values) > 1:
        red, green, blue = values
        return f"R {red:.0f} G {green:.0f} B {blue:.0f}", place
    return f"{_figure(values[0])}{_after_value(unit_of(frame, instance))}", place


def _heart_words(measurement: Measurement, ruler: Ruler, instance: Instance) -> Lines:
    share = ruler.heart_share(measurement)
    if share is None:
        return ("Cardiothoracic ratio –",)
    thorax = ruler.length(*measurement.points[:2])
    widths = f"Heart {share * thorax:.1f} · thorax {length_words(thorax, ruler)}"
    view = instance.view.upper()
    note = _VIEW_NOTES.get(view, f"{view} view: the ratio is meant for PA films")
    return tuple(filter(None, (f"Cardiothoracic ratio {share:.2f}", widths, note)))


def _after_value(unit: str) -> str:
    """Units stand after the value; words for a missing one in brackets."""
    return f" ({unit})" if " " in unit else f" {unit}"


def _figure(value: float) -> str:
    """Whole numbers as they are, others with one decimal, small ones with three figures."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{value:.0f}"
    return f"{value:.1f}" if 10 <= abs(value) < 1e15 else f"{value:.3g}"
