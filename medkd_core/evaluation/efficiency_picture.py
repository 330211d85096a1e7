"""The report of ``medkd profile`` as a picture: accuracy against time, and each cost."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.errors import MedKDError
from medkd_core.evaluation.efficiency_schema import EfficiencyReport, EngineTimes, NetworkProfile

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

_STUDENT = "#0072B2"
# Okabe and Ito's colours, which differ for colour-blind readers, too.
_TEACHERS = ("#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
_INK, _FAINT = "#222222", "#767676"
_LONGEST_LABEL = 22
_LARGEST_BUBBLE = 1500.0
"""Points squared."""
_PLACES = ((14, 0), (-14, 0), (0, 16), (0, -16), (14, 22), (14, -22), (-14, 22), (-14, -22))
"""Where a label may stand, in points from its bubble's edge; the first free place is taken."""
_SMALL = 8.5


@dataclass(frozen=True, slots=True)
class _Measure:
    """One panel of bars."""

    title: str
    value: Callable[[NetworkProfile], float | None]
    text: Callable[[float], str]


def refuse_without_matplotlib() -> None:
    """What drawing would refuse after a minute of measuring.

    Raises
    ------
    MedKDError
        matplotlib is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise MedKDError(
            "Cannot draw the picture",
            because="the package matplotlib is not installed",
            cure="Install it (pip install matplotlib), or ask for --json.",
        )


def draw_report(report: EfficiencyReport) -> bytes:
    """A report as a PNG, 1920 pixels wide.

    Above, every network's macro F1 (its multiply-accumulates, where no scores are known) against
    the time of one image on the first engine; the area of a bubble is its parameters. Below, bars
    that tell each cost as a multiple of the student's.

    Raises
    ------
    MedKDError
        matplotlib is not installed.
    """
    refuse_without_matplotlib()
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context({"font.size": 10, "text.color": _INK, "text.parse_math": False}):
        figure = Figure((12, 8), dpi=160, facecolor="white")
        FigureCanvasAgg(figure)
        measures = _measures(report)
        grid = figure.add_gridspec(
            2, len(measures), height_ratios=(1.6, 1), hspace=0.42, wspace=0.12,
            left=0.115, right=0.965, top=0.85, bottom=0.065,
        )  # fmt: skip
        _draw_bubbles(figure.add_subplot(grid[0, :]), report)
        for column, measure in enumerate(measures):
            axes = figure.add_subplot(grid[1, column])
            _draw_bars(axes, measure, report.networks, named=column == 0)
        _write_frame(figure, report)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", metadata={"Comment": RESEARCH_USE_ONLY})
    return picture.getvalue()


def _write_frame(figure: Figure, report: EfficiencyReport) -> None:
    demo = " (embedded demo, drawn films)" if report.demo else ""
    machine = report.machine
    figure.text(0.035, 0.955, "What the networks cost", size=17, weight="bold", va="center")
    figure.text(0.035, 0.918, f"{report.subject}{demo}", size=11, color=_FAINT, va="center")
    packages = ", ".join(f"{name} {number}" for name, number in machine.packages.items())
    where = ", ".join([f"{machine.processor}, {machine.cores_used} cores", *machine.gpus])
    busy = "; other programs were busy meanwhile" if report.most_disturbed else ""
    facts = f"{where}; {packages}; {machine.date[:10]}{busy}"
    figure.text(0.035, 0.026, facts, size=8, color=_FAINT)
    figure.text(0.965, 0.026, RESEARCH_USE_ONLY, size=9, weight="bold", ha="right")


def _draw_bubbles(axes: Axes, report: EfficiencyReport) -> None:
    points = [(network, times) for network in report.networks if (times := _first(network))]
    scored = any(network.score for network in report.networks)
    if scored:
        points = [(network, times) for network, times in points if network.score]
    most = max(network.parameters for network in report.networks)
    xs, ys, radii = [], [], []
    for network, times in points:
        x, y = times.latency_ms_median, _height(network)
        area = max(30.0, _LARGEST_BUBBLE * network.parameters / most)
        colour = _colour(report.networks, network)
        axes.scatter(x, y, area, color=colour, alpha=0.75, linewidths=0, zorder=3, clip_on=False)
        _draw_interval(axes, network, x)
        xs.append(x)
        ys.append(y)
        radii.append(area**0.5 / 2)
    _frame_bubbles(axes, xs, ys, scored=scored)
    engine = next((e.label for e in report.networks[0].engines if e.times), "")
    axes.set_xlabel(f"one image, milliseconds, median ({engine})", color=_FAINT)
    images = f" on {report.test_images} test images" if report.test_images else ""
    title = f"macro F1{images}, 95 % interval where known" if scored else "multiply-accumulates (G)"
    axes.set_title(f"{title}  ·  area of a bubble: parameters", loc="left", size=10, color=_FAINT)
    _label_bubbles(axes, [network for network, _ in points], xs, ys, radii)


def _draw_interval(axes: Axes, network: NetworkProfile, x: float) -> None:
    score = network.score
    if score and score.low is not None and score.high is not None:
        axes.errorbar(
            x,
            score.macro_f1,
            [[max(0, score.macro_f1 - score.low)], [max(0, score.high - score.macro_f1)]],
            color=_INK,
            linewidth=1,
            capsize=3,
            zorder=4,
        )


def _frame_bubbles(axes: Axes, xs: list[float], ys: list[float], *, scored: bool) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

    _bare(axes, "left", "bottom")
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.8, zorder=0)
    axes.set_xscale("log")
    if not xs:
        return
    axes.set_xlim(min(xs) / 1.5, max(xs) * 1.6)
    margin = 0.25 * (max(ys) - min(ys) or 0.1)
    top = max(ys) + margin
    axes.set_ylim(max(min(ys) - margin, 0), min(top, 1.03) if scored else top)
    ticks = [step * 10.0**power for power in range(-3, 7) for step in (1, 2, 5)]
    low, high = axes.get_xlim()
    axes.set_xticks([tick for tick in ticks if low <= tick <= high])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(MaxNLocator(6))


def _label_bubbles(
    axes: Axes,
    networks: list[NetworkProfile],
    xs: list[float],
    ys: list[float],
    radii: list[float],
) -> None:
    from matplotlib.transforms import Bbox

    points = axes.figure.dpi / 72
    centres = axes.transData.transform(np.column_stack([xs, ys]))
    taken = [
        Bbox.from_bounds(x - r * points, y - r * points, 2 * r * points, 2 * r * points)
        for (x, y), r in zip(centres, radii, strict=True)
    ]
    for network, x, y, radius in zip(networks, xs, ys, radii, strict=True):
        text = f"{_short(network.label)}\n{_count(network.parameters)} parameters"
        taken.append(_placed(axes, text, (x, y), radius, taken))


def _placed(
    axes: Axes, text: str, at: tuple[float, float], radius: float, taken: list[Bbox]
) -> Bbox:
    """Write a label beside a point where nothing else is, if there is such a place."""
    inside = axes.get_window_extent()
    for number, (right, up) in enumerate(_PLACES):
        stretched = [way * (1 + radius * 0.75 / abs(way)) if way else 0 for way in (right, up)]
        label = axes.annotate(
            text,
            at,
            (stretched[0], stretched[1]),
            textcoords="offset points",
            ha="left" if right > 0 else "right" if right else "center",
            va="center" if not up else "bottom" if up > 0 else "top",
            size=9,
        )
        box = label.get_window_extent()
        free = not any(box.overlaps(other) for other in taken)
        within = inside.contains(*box.min) and inside.contains(*box.max)
        if (free and within) or number == len(_PLACES) - 1:
            return box
        label.remove()
    raise AssertionError("the last place is always taken")


def _draw_bars(
    axes: Axes, measure: _Measure, networks: list[NetworkProfile], *, named: bool
) -> None:
    _bare(axes)
    values = [measure.value(network) for network in networks]
    student = values[0]
    longest = max((value for value in values if value), default=1.0)
    for row, (network, value) in enumerate(zip(networks, values, strict=True)):
        axes.barh(row, value or 0, 0.5, color=_colour(networks, network), alpha=0.85)
        ratio = f"  {value / student:.3g} ×" if value and student and row else ""
        text = f"{measure.text(value)}{ratio}" if value else "not measured"
        axes.text(0, row - 0.30, text, size=_SMALL, va="bottom")
    axes.set_xlim(0, 1.05 * longest)
    axes.set_ylim(len(networks) - 0.5, -0.85)
    axes.set_title(measure.title, loc="left", size=_SMALL, color=_FAINT)
    axes.set_xticks([])
    labels = [_short(network.label) for network in networks] if named else []
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(length=0)


def _measures(report: EfficiencyReport) -> list[_Measure]:
    """Size and operations, time on each engine, memory on the first; five or six panels."""
    measures = [
        _Measure("parameters", lambda network: network.parameters, _count),
        _Measure("multiply-accumulates", lambda network: network.macs, _count),
    ]
    engines = report.networks[0].engines[:3]
    for index, engine in enumerate(engines):
        title = f"one image\n{engine.runtime}, {engine.device}"
        measures.append(_Measure(title, _latency(index), lambda value: f"{value:.3g} ms"))
    title = f"peak memory, one image\n{engines[0].runtime}, {engines[0].device}"
    measures.append(_Measure(title, _memory, lambda value: f"{value / 1e6:.0f} MB"))
    return measures


def _latency(index: int) -> Callable[[NetworkProfile], float | None]:
    def latency(network: NetworkProfile) -> float | None:
        times = network.engines[index].times
        return times.latency_ms_median if times else None

    return latency


def _memory(network: NetworkProfile) -> float | None:
    times = network.engines[0].times
    return times.single_memory_bytes if times else None


def _first(network: NetworkProfile) -> EngineTimes | None:
    return network.engines[0].times


def _height(network: NetworkProfile) -> float:
    return network.score.macro_f1 if network.score else network.macs / 1e9


def _colour(networks: list[NetworkProfile], network: NetworkProfile) -> str:
    index = networks.index(network)
    return _TEACHERS[(index - 1) % len(_TEACHERS)] if index else _STUDENT


def _count(value: float) -> str:
    unit, letter = (1e9, "G") if value >= 1e9 else (1e6, "M") if value >= 1e6 else (1e3, "k")
    return f"{value / unit:.3g} {letter}"


def _short(label: str) -> str:
    fits = len(label) <= _LONGEST_LABEL
    return label if fits else f"{label[: _LONGEST_LABEL - 1]}…"


def _bare(axes: Axes, *kept: str) -> None:
    for side in axes.spines:
        axes.spines[side].set_visible(side in kept)
        axes.spines[side].set_color("#BBBBBB")
    axes.tick_params(colors=_INK)
