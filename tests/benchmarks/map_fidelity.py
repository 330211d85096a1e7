"""How like the exact map a preview and its refinements are, and how far maps depend on the class.

    python tests/benchmarks/map_fidelity.py --bundle BUNDLE --films cxr3 --json fidelity.jsonl
    python tests/benchmarks/map_fidelity.py ... --networks densenet201 --count 10

Films are taken evenly from the test films of a data set in COVID-QU-Ex's layout; the class that
the network finds likeliest is explained. Every mask is shown once. The stages of a preview are then
replayed from those answers, which gives the same maps as the viewer's at no cost.

One line is written for each network and film: the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from medkd_core.bundles.read import Bundle, open_bundle
from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.record import Record
from medkd_core.engines.protocol import ChunkDone, Engine
from medkd_core.explanation.agreement import agreement, spearman
from medkd_core.explanation.score_cam import (
    DEFAULT_DIALECT,
    DIALECTS,
    MaskedScores,
    channel_masks,
    class_map,
    contrast_map,
    look,
    map_sensitivity,
    show_masks,
)
from medkd_core.explanation.score_cam.aims import Aim, ClassAim
from medkd_core.explanation.score_cam.contrast import METHOD as CONTRAST
from medkd_core.explanation.score_cam.contrast import ContrastAim, rival_of
from medkd_core.explanation.score_cam.maps import ClassMap
from medkd_core.explanation.score_cam.preview import stages
from medkd_core.explanation.score_cam.sensitivity import (
    channel_mean,
    likeliest_others,
    sensitivity_among,
)
from medkd_core.imaging.preprocessing import network_input, view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.jobs.spec import DataSpec

FloatArray = NDArray[np.float32]
Figures = dict[str, Any]


class Replay:
    """Stands for the engine whose answers to all masks are known."""

    def __init__(self, scores: MaskedScores) -> None:
        self._answers = {
            mask.tobytes(): answer
            for mask, answer in zip(scores.masks.distinct, scores.logits, strict=True)
        }

    def masked_logits(
        self,
        image: FloatArray,
        masks: FloatArray,
        rows: FloatArray,
        columns: FloatArray,
        baseline: FloatArray,
        chunk_done: ChunkDone | None = None,
    ) -> FloatArray:
        """See `Engine.masked_logits`."""
        return np.stack([self._answers[mask.tobytes()] for mask in masks])


def main() -> None:
    """Measure what is missing, and print the distributions for each network."""
    options = _options()
    console = Console(width=180)
    bundle = open_bundle(options.bundle)
    networks = options.networks or [entry.name for entry in bundle.manifest.networks]
    known = _earlier(options.json, bundle, options.dialects)
    for network in networks:
        engine = bundle.engine(network)
        films = evenly_spread_films(options.films, options.count)
        for record in track(films, network, transient=True):
            key = (network, record.path.name)
            if key not in known:
                known[key] = measure(bundle, network, engine, record, options.dialects)
                with options.json.open("a") as file:
                    file.write(json.dumps(known[key]) + "\n")
    for network in networks:
        found = [figures for (name, _), figures in known.items() if name == network]
        console.print(_stage_table(network, found))
        console.print(_sensitivity_table(network, found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--films", type=Path, required=True, help="root of the data set")
    parser.add_argument("--networks", nargs="+", help="all of the bundle when left out")
    parser.add_argument("--count", type=int, default=100, help="films for each network")
    parser.add_argument(
        "--dialects",
        nargs="+",
        default=[*DIALECTS],
        choices=DIALECTS,
        help="whose dependence on the class is measured; each with masks of its own costs time",
    )
    parser.add_argument("--json", type=Path, required=True, help="file for the figures")
    return parser.parse_args()


def _earlier(path: Path, bundle: Bundle, dialects: list[str]) -> dict[tuple[str, str], Figures]:
    """What was measured before, of this bundle and with all these dialects, by network and film."""
    lines = path.read_text().splitlines() if path.is_file() else []
    films = [json.loads(line) for line in lines if line.endswith("}")]
    return {
        (film["network"], film["film"]): film
        for film in films
        if film["bundle"] == bundle.digest and {*dialects} <= {*film["sensitivity"]}
    }


def evenly_spread_films(root: Path, count: int) -> list[Record]:
    """Test films of a data set in the layout of COVID-QU-Ex, evenly from its order."""
    films = load_dataset(DataSpec(root=root, kind="covid-qu-ex"), seed=0).split("test")
    places = np.linspace(0, len(films) - 1, min(count, len(films))).astype(int)
    return [films[place] for place in places]


def measure(
    bundle: Bundle, network: str, engine: Engine, record: Record, dialects: list[str]
) -> Figures:
    """All figures of one film."""
    view = bundle.manifest.view
    recipe = bundle.entry(network).recipe
    seen = look(engine, network_input(view_image(read_frame(record.path), view), view, recipe))
    index = int(seen.logits.argmax())
    scores_of = {}
    for name in {DEFAULT_DIALECT: None, **dict.fromkeys(dialects)}:
        rules = DIALECTS[name]
        if rules.masks not in scores_of:
            masks = channel_masks(seen.activations, engine.input_shape, rules)
            scores_of[rules.masks] = show_masks(engine, seen, masks)
    scores = scores_of[DIALECTS[DEFAULT_DIALECT].masks]
    return {
        "bundle": bundle.digest,
        "network": network,
        "film": record.path.name,
        "label": record.label,
        "class": bundle.manifest.classes[index],
        "masks": len(scores.logits),
        "stages": [*_stages(scores, index)],
        "sensitivity": {
            name: _sensitivity(scores_of[DIALECTS[name].masks], index, name) for name in dialects
        }
        | {CONTRAST: _sensitivity(scores, index, CONTRAST)},
    }


def _stages(scores: MaskedScores, index: int) -> Iterator[Figures]:
    """Figures of the channel mean (no masked pass), then of every stage but the exact one."""
    rules = DIALECTS[DEFAULT_DIALECT]
    exact, exact_contrast = class_map(scores, index, rules), contrast_map(scores, index)
    yield {"forwards": 0, "map": _likeness(channel_mean(scores), exact)}
    aims = ClassAim(index, rules), ContrastAim(index, rival_of(scores.look.logits, index))
    for (stage, error), (other, other_error) in zip(
        *(_replayed(scores, aim) for aim in aims), strict=True
    ):
        yield {
            "forwards": int(stage.shown.sum()),
            "map": _likeness(class_map(stage, index, rules), exact),
            "error": error,
            "contrast": _likeness(contrast_map(other, index), exact_contrast),
            "contrast_error": other_error,
        }


def _replayed(scores: MaskedScores, aim: Aim) -> Iterator[tuple[MaskedScores, float]]:
    replay = Replay(scores)
    for stage, error in stages(replay, scores.look, scores.masks, aim):  # type: ignore[arg-type]
        if not stage.shown.all():
            yield stage, error


def _likeness(found: ClassMap, exact: ClassMap) -> dict[str, float]:
    at_input = agreement(found.input_map, exact.input_map)
    return {
        "spearman": at_input.spearman,
        "native_spearman": spearman(found.native, exact.native),
        "top_fifth_iou": at_input.top_fifth_iou,
    }


def _sensitivity(scores: MaskedScores, index: int, method: str) -> dict[str, float | None] | None:
    """How like the other classes' maps and the channel mean a map is; None without a map."""
    if method == CONTRAST:
        rivals = likeliest_others(scores.look.logits, index)
        others = [contrast_map(scores, rival) for rival in rivals]
        found = sensitivity_among(contrast_map(scores, index), others, channel_mean(scores))
    else:
        rules = DIALECTS[method]
        found = map_sensitivity(scores, index, rules, class_map(scores, index, rules))
    return None if found is None else asdict(found)


def _stage_table(network: str, films: list[Figures]) -> Table:
    title = f"{network}: like the exact map, {len(films)} films (median, p10, lowest)"
    table = Table(title=title, box=None)
    headings = ("passes", "share", "Spearman", "native", "IoU top fifth", "step back")
    stated = ("error", "held")
    for heading in (*headings, *stated, "contrast: Spearman", "IoU top fifth", *stated):
        table.add_column(heading, justify="right")
    share = np.median([film["masks"] for film in films])
    before: dict[str, float] = {}
    for forwards in sorted({stage["forwards"] for film in films for stage in film["stages"]}):
        at = {
            film["film"]: stage
            for film in films
            for stage in film["stages"]
            if stage["forwards"] == forwards
        }
        alike = {film: stage["map"]["spearman"] for film, stage in at.items()}
        back = [0.0, *(before[film] - value for film, value in alike.items() if film in before)]
        maps, contrasts = ([s[k] for s in at.values() if k in s] for k in ("map", "contrast"))
        table.add_row(
            str(forwards),
            f"{forwards / share:.0%}",
            _low([one["spearman"] for one in maps]),
            _low([one["native_spearman"] for one in maps]),
            _low([one["top_fifth_iou"] for one in maps]),
            f"{max(back):.4f}" if before else "",
            *_error_cells([*at.values()], "map", "error"),
            _low([one["spearman"] for one in contrasts]),
            _low([one["top_fifth_iou"] for one in contrasts]),
            *_error_cells([*at.values()], "contrast", "contrast_error"),
        )
        before = alike
    return table


def _error_cells(at: list[Figures], kind: str, error: str) -> tuple[str, str]:
    """The median of the stated errors, and the share of maps whose error was not larger."""
    stated = [stage for stage in at if error in stage]
    if not stated:
        return "", ""
    held = [1 - stage[kind]["native_spearman"] <= stage[error] + 1e-6 for stage in stated]
    return f"{np.median([stage[error] for stage in stated]):.4f}", f"{np.mean(held):.0%}"


def _sensitivity_table(network: str, films: list[Figures]) -> Table:
    table = Table(title=f"{network}: Spearman's correlation of maps (median, p10, p90)", box=None)
    for heading in ("method", "with the other classes'", "with the channel mean", "no map"):
        table.add_column(heading)
    methods = dict.fromkeys(method for film in films for method in film["sensitivity"])
    for method in methods:
        found = [film["sensitivity"][method] for film in films if method in film["sensitivity"]]
        maps = [one for one in found if one is not None]
        others = [one["other_classes"] for one in maps if one["other_classes"] is not None]
        means = [one["channel_mean"] for one in maps]
        empty = f"{len(found) - len(maps)} of {len(found)}"
        table.add_row(method, _spread(others), _spread(means), empty)
    return table


def _low(values: list[float]) -> str:
    if not values:
        return ""
    return f"{np.median(values):.4f} {np.quantile(values, 0.1):.3f} {min(values):.3f}"


def _spread(values: list[float]) -> str:
    if not values:
        return ""
    low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
    return f"{middle:.2f} {low:.2f} {high:.2f}"


if __name__ == "__main__":
    main()
