"""Whether maps show what the network used, beside a random map and a blob in the middle.

    python tests/benchmarks/faithfulness.py --bundle BUNDLE --films cxr3 --json faithfulness.json
    python tests/benchmarks/faithfulness.py ... --networks ofa_595 --count 20 --without-adcc

Films are drawn from the test films of a data set in COVID-QU-Ex's layout. The class that the
network decides for is explained by exact maps of every method. For ADCC each map is made again from
the film seen through it, which doubles the cost.

What is measured is written to the file at once: the same command goes on where it was stopped, and
measures only films, networks and methods that are new.
"""

from __future__ import annotations

import argparse
import json
import time
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import nn

from medkd_core.bundles.read import Bundle, open_bundle
from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.record import Record
from medkd_core.engines.protocol import Engine
from medkd_core.explanation import any_method
from medkd_core.explanation.baselines import BASELINES, DEFAULT_BASELINE
from medkd_core.explanation.faithfulness import (
    DEFAULT_PERCENTAGES,
    DEFAULT_STEPS,
    MEASURES,
    ClassFaithfulness,
    Score,
    SetScore,
    faithfulness,
    summary,
)
from medkd_core.explanation.other_methods import METHODS, open_network
from medkd_core.explanation.score_cam import DIALECTS
from medkd_core.imaging.preprocessing import network_input, view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.jobs.spec import DataSpec

FloatArray = NDArray[np.float32]


class Subject:
    """One network of a bundle, asked for maps and how faithful they are."""

    def __init__(self, bundle: Bundle, name: str, options: argparse.Namespace) -> None:
        self.name = name
        self._bundle = bundle
        self._entry = bundle.entry(name)
        self._engine: Engine = bundle.engine(name)
        self._options = options
        self._asked = any_method.Subject(
            name,
            self._entry.recipe.size,
            self._entry.target_layer,
            engine=lambda: self._engine,
            network=cache(self._network),
        )

    def figures(self, record: Record, method: str) -> dict[str, Any]:
        """Scores of the map of the network's decision on one film, as they are kept."""
        view = self._bundle.manifest.view
        seen = view_image(read_frame(record.path), view)
        image = network_input(seen, view, self._entry.recipe)
        decision = int(self._engine.logits(image[None])[0].argmax())

        def explain(picture: FloatArray, class_index: int) -> FloatArray:
            found = any_method.explanations(self._asked, picture, class_index, method=method)
            return [explanation.input_map for explanation in found][-1]

        began = time.perf_counter()
        values = explain(image, decision)
        map_seconds = time.perf_counter() - began
        measured = faithfulness(
            self._engine,
            image,
            {decision: values},
            baseline=self._options.baseline,
            mean=self._entry.recipe.mean,
            std=self._entry.recipe.std,
            steps=self._options.steps,
            percentages=self._options.percentages,
            explain=None if self._options.without_adcc else explain,
            seed=zlib.crc32(record.path.name.encode()),
        )
        found = measured.of_class[decision]
        return {
            "class": decision,
            "scores": {name: score.values for name, score in found.scores.items()},
            "missing": dict(found.missing),
            "map_seconds": map_seconds,
            "seconds": measured.seconds,
            "passes": measured.passes,
        }

    def _network(self) -> nn.Module:
        return open_network(
            self._bundle.weights_path(self.name),
            self.name,
            width=self._entry.width,
            classes=len(self._bundle.manifest.classes),
            image_size=self._entry.recipe.size,
        )


def main() -> None:
    """Measure what is missing, and print one table for each network and method."""
    options = _options()
    bundle = open_bundle(options.bundle)
    networks = options.networks or [entry.name for entry in bundle.manifest.networks]
    results = _earlier(options, bundle)
    films = _test_films(options.films, options.count)
    for network in networks:
        _measure(Subject(bundle, network, options), films, results, options)
    console = Console(width=170)
    for network in networks:
        for method in options.methods:
            _print(console, results["films"][network], films, network, method)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--films", type=Path, required=True, help="root of the data set")
    parser.add_argument("--networks", nargs="+", help="all of the bundle when left out")
    parser.add_argument("--methods", nargs="+", default=[*DIALECTS], choices=[*DIALECTS, *METHODS])
    parser.add_argument("--count", type=int, default=100, help="test films")
    parser.add_argument("--baseline", choices=BASELINES, default=DEFAULT_BASELINE)
    parser.add_argument("--steps", type=int, default=DEFAULT_STEPS, help="of deletion, insertion")
    parser.add_argument(
        "--percentages", nargs="*", type=float, default=[*DEFAULT_PERCENTAGES], help="of ROAD"
    )
    parser.add_argument("--without-adcc", action="store_true", help="do not map films twice")
    parser.add_argument("--json", type=Path, required=True, help="file for the figures")
    return parser.parse_args()


def _test_films(root: Path, count: int) -> list[Record]:
    """So many, always the same, so that a larger number adds to a smaller one."""
    films = load_dataset(DataSpec(root=root, kind="covid-qu-ex"), seed=0).split("test")
    return [films[place] for place in np.random.default_rng(0).permutation(len(films))[:count]]


def _earlier(options: argparse.Namespace, bundle: Bundle) -> dict[str, Any]:
    settings = {
        "bundle": bundle.digest,
        "baseline": options.baseline,
        "steps": options.steps,
        "percentages": options.percentages,
        "adcc": not options.without_adcc,
    }
    if not options.json.is_file():
        return {"settings": settings, "films": {}}
    results: dict[str, Any] = json.loads(options.json.read_text())
    if results["settings"] != settings:
        raise SystemExit(f"{options.json} has figures of another bundle or with other settings.")
    return results


def _measure(
    subject: Subject, films: list[Record], results: dict[str, Any], options: argparse.Namespace
) -> None:
    of_network = results["films"].setdefault(subject.name, {})
    for record in track(films, subject.name, transient=True):
        of_film = of_network.setdefault(record.path.name, {})
        for method in options.methods:
            if method not in of_film:
                of_film[method] = subject.figures(record, method)
                _keep(results, options.json)


def _keep(results: dict[str, Any], path: Path) -> None:
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(results))
    beside.replace(path)


def _print(
    console: Console, of_network: dict[str, Any], films: list[Record], network: str, method: str
) -> None:
    kept = [of_network[record.path.name][method] for record in films]
    measured = [
        ClassFaithfulness(
            film["class"],
            {name: Score(*values) for name, values in film["scores"].items()},
            {},
            film["missing"],
        )
        for film in kept
    ]
    table = Table(
        *("", "map 10/50/90 %", "mean", "random", "blob", "gain on random"),
        *("gain on blob", "wins", ""),
        title=f"{network}, {method}: {_told(kept)}",
        box=None,
    )
    scores = summary(measured, groups=[record.group for record in films])
    for name, score in scores.items():
        values = [film.scores[name].of_map for film in measured if name in film.scores]
        table.add_row(MEASURES[name].label, *_cells(values, score, MEASURES[name].better))
    console.print(table)


def _told(kept: list[dict[str, Any]]) -> str:
    empty = sum(not film["scores"] for film in kept)
    seconds, passes = (np.median([film[key] for film in kept]) for key in ("seconds", "passes"))
    return f"{len(kept)} films, {empty} without a map, {seconds:.1f} s and {passes:.0f} passes each"


def _cells(values: list[float], score: SetScore, better: str) -> list[str]:
    low, middle, high = np.percentile(values, [10, 50, 90])
    cells = [
        f"{low:.3f} {middle:.3f} {high:.3f}",
        *(f"{part.mean:.3f}" for part in (score.of_map, score.of_random, score.of_blob)),
    ]
    if better == "neither":
        return cells
    gains = score.gain_on_random, score.gain_on_blob
    wins = f"{score.beats_random:.0%}, {score.beats_blob:.0%}"
    told = (f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]" for gain in gains)
    return [*cells, *told, wins, _verdict(score)]


def _verdict(score: SetScore) -> str:
    words = []
    for null, gain in (("random", score.gain_on_random), ("blob", score.gain_on_blob)):
        if gain.low > 0:
            words.append(f"beats {null}")
        elif gain.high < 0:
            words.append(f"loses to {null}")
    return ", ".join(words) or "-"


if __name__ == "__main__":
    main()
