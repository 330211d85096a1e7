"""Whether maps lie on the finding and inside the lungs, beside maps that never saw the film.

    python tests/benchmarks/localisation.py --bundle BUNDLE --films cxr3 --json localisation.json

Films are those of a data set in COVID-QU-Ex's layout that have an infection mask. The class of
their label is explained by exact maps of every method. Maps of test films are measured against
infection masks that are not blank, and against lung masks; each beside random maps as rough as the
map and a blob in the middle. The threshold of "tuned" overlap comes from the validation films.

What is measured is written to the file at once: the same command goes on where it was stopped, and
measures only networks and methods that are new.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from medkd_core.bundles.read import Bundle, open_bundle
from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.record import Record, Split
from medkd_core.engines.protocol import Engine
from medkd_core.explanation.localisation import localise, tuned_threshold
from medkd_core.explanation.null_maps import centre_blob, random_maps_like
from medkd_core.explanation.other_methods import METHODS, cam, open_network
from medkd_core.explanation.score_cam import DIALECTS, channel_masks, class_map, look, show_masks
from medkd_core.imaging.preprocessing import map_to_image, network_input, view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.recipe import View
from medkd_core.jobs.spec import DataSpec

FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]

FULL_RANGE = View(intensity="full")
TARGETS = {"infection": "infection_mask", "lungs": "lung_mask"}
SOURCES = ("map", "random", "centre")
HITS = ("pointing", "pointing_near")
MEASURES = {
    "infection": (
        *HITS,
        "mass_accuracy",
        "rank_accuracy",
        "average_precision",
        "roc_area",
        "otsu_iou",
        "otsu_dice",
        "tuned_iou",
        "tuned_dice",
        "mask_share",
    ),
    "lungs": ("mass_accuracy", "mask_share"),
}
"""What is printed; the file has every measure of both masks."""
RESAMPLES = 4000


@dataclass(frozen=True)
class Subject:
    """One network with its runs, or the torch module for methods that ask for it."""

    bundle: Bundle
    name: str
    classes: list[str]
    engine: Engine

    def maps(self, record: Record, methods: list[str]) -> list[tuple[str, FloatArray, bool]]:
        """Name, map of the network's input (H, W), and whether the map is empty."""
        entry, view = self.bundle.entry(self.name), self.bundle.manifest.view
        picture = network_input(view_image(read_frame(record.path), view), view, entry.recipe)
        index = self.classes.index(record.label)
        return [*self._dialects(picture, index, methods), *self._others(picture, index, methods)]

    def on_mask(self, input_map: FloatArray, mask: Mask) -> FloatArray:
        """The map over the film, whose size its masks have."""
        recipe = self.bundle.entry(self.name).recipe
        return map_to_image(input_map, self.bundle.manifest.view, recipe, *mask.shape).clip(0, 1)

    def _dialects(
        self, picture: FloatArray, index: int, methods: list[str]
    ) -> Iterator[tuple[str, FloatArray, bool]]:
        seen = look(self.engine, picture)
        wanted = sorted(
            (rules for name, rules in DIALECTS.items() if name in methods),
            key=lambda rules: repr(rules.masks),
        )
        for _, alike in groupby(wanted, key=lambda rules: rules.masks):
            sharing = list(alike)
            masks = channel_masks(seen.activations, self.engine.input_shape, sharing[0])
            scores = show_masks(self.engine, seen, masks)
            for rules in sharing:
                found = class_map(scores, index, rules)
                yield rules.name, found.input_map, found.empty

    def _others(
        self, picture: FloatArray, index: int, methods: list[str]
    ) -> Iterator[tuple[str, FloatArray, bool]]:
        wanted = [name for name in METHODS if name in methods]
        if not wanted:
            return
        entry = self.bundle.entry(self.name)
        size = entry.recipe.size
        network = open_network(
            self.bundle.weights_path(self.name),
            self.name,
            width=entry.width,
            classes=len(self.classes),
            image_size=size,
        )
        for name in wanted:
            found = cam(
                network, self.name, size, picture, index, name, target_layer=entry.target_layer
            )
            yield name, found.input_map, found.empty


def main() -> None:
    """Measure what is missing, and print one table for each network, method and kind of mask."""
    options = _options()
    console = Console(width=170)
    bundle = open_bundle(options.bundle)
    networks = options.networks or [entry.name for entry in bundle.manifest.networks]
    results = _earlier(options.json, bundle, options.random)
    films = masked_films(options.films, options.limit)
    for network in networks:
        subject = Subject(bundle, network, bundle.manifest.classes, bundle.engine(network))
        _tune(subject, films["validation"], options.methods, results, options.json)
        _measure(subject, films["test"], options.methods, results, options)
    for network in networks:
        for method in options.methods:
            _print(console, results, network, method)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--films", type=Path, required=True, help="root of the data set")
    parser.add_argument("--networks", nargs="+", help="all of the bundle when left out")
    parser.add_argument("--methods", nargs="+", default=[*DIALECTS], choices=[*DIALECTS, *METHODS])
    parser.add_argument("--random", type=int, default=20, help="random maps beside each map")
    parser.add_argument("--limit", type=int, help="test films, for a trial")
    parser.add_argument("--json", type=Path, required=True, help="file for the figures")
    return parser.parse_args()


def masked_films(root: Path, limit: int | None) -> dict[Split, list[Record]]:
    """Validation and test films with an infection mask, blank ones as well."""
    dataset = load_dataset(DataSpec(root=root, kind="covid-qu-ex"), seed=0)
    films: dict[Split, list[Record]] = {
        split: [record for record in dataset.split(split) if record.infection_mask]
        for split in ("validation", "test")
    }
    films["test"] = films["test"][:: -(-len(films["test"]) // limit) if limit else 1]
    return films


def _earlier(path: Path, bundle: Bundle, random: int) -> dict[str, Any]:
    settings = {"bundle": bundle.digest, "random": random}
    if not path.is_file():
        return {"settings": settings, "thresholds": {}, "films": {}}
    results = json.loads(path.read_text())
    if results["settings"] != settings:
        raise SystemExit(f"{path} has figures of another bundle or another number of random maps.")
    return results


def _keep(results: dict[str, Any], path: Path) -> None:
    beside = path.with_suffix(".part")
    beside.write_text(json.dumps(results))
    beside.replace(path)


def _mask(path: Path | None) -> Mask | None:
    return None if path is None else view_image(read_frame(path), FULL_RANGE) > 0.5


def _tune(
    subject: Subject,
    films: list[Record],
    methods: list[str],
    results: dict[str, Any],
    path: Path,
) -> None:
    """Find the threshold of each method on validation films with something in their mask."""
    known = results["thresholds"].setdefault(subject.name, {})
    missing = [name for name in methods if name not in known]
    if not missing:
        return
    maps: dict[str, list[FloatArray]] = {name: [] for name in missing}
    masks = []
    for record in track(films, f"{subject.name}: validation films", transient=True):
        mask = _mask(record.infection_mask)
        if mask is not None and mask.any():
            masks.append(mask)
            for name, found, _ in subject.maps(record, missing):
                maps[name].append(subject.on_mask(found, mask))
    known.update({name: tuned_threshold(maps[name], masks) for name in missing})
    _keep(results, path)


def _measure(
    subject: Subject,
    films: list[Record],
    methods: list[str],
    results: dict[str, Any],
    options: argparse.Namespace,
) -> None:
    network = results["films"].setdefault(subject.name, {})
    levels = results["thresholds"][subject.name]
    for record in track(films, f"{subject.name}: test films", transient=True):
        film = network.setdefault(record.path.name, {"label": record.label, "group": record.group})
        missing = [name for name in methods if name not in film]
        if not missing:
            continue
        masks = {target: _mask(getattr(record, field)) for target, field in TARGETS.items()}
        marked = {target: mask for target, mask in masks.items() if mask is not None and mask.any()}
        for name, found, empty in subject.maps(record, missing):
            # The same noise for every method and network, and another one for every film.
            seed = zlib.crc32(record.path.name.encode())
            drawn = random_maps_like(found, options.random, seed=seed)
            everything = [found, centre_blob(found.shape), *drawn]
            film[name] = {"empty": empty} | {
                target: _figures([subject.on_mask(m, mask) for m in everything], mask, levels[name])
                for target, mask in marked.items()
            }
        _keep(results, options.json)


def _figures(maps: list[FloatArray], mask: Mask, threshold: float) -> dict[str, dict[str, float]]:
    """Each measure of the map, of the centred blob, and of random maps (their mean)."""
    own, centre, *others = (asdict(localise(m, mask, threshold=threshold)) for m in maps)
    random = {name: float(np.mean([one[name] for one in others])) for name in own}
    return {"map": own, "random": random, "centre": centre}


def _print(console: Console, results: dict[str, Any], network: str, method: str) -> None:
    films = [film[method] | film for film in results["films"][network].values() if method in film]
    level = results["thresholds"][network][method]
    table = Table(
        *("", "films", "map", "random", "centre", "map - random", "map - centre", ""),
        title=f"{network}, {method}: {sum(film['empty'] for film in films)} without a map, "
        f"tuned threshold {level:.2f}",
        box=None,
    )
    for target, measures in MEASURES.items():
        marked = [film for film in films if target in film]
        groups = [film["group"] for film in marked]
        for name in measures if marked else ():
            values = np.array(
                [[film[target][source][name] for source in SOURCES] for film in marked]
            )
            cells = _cells(values, groups, np.mean if name in HITS else np.median)
            table.add_row(f"{target}: {name.replace('_', ' ')}", str(len(marked)), *cells)
    console.print(table)


def _cells(values: NDArray[np.float64], groups: list[str], middle: Any) -> list[str]:
    """Median (of hits, mean) with 95 % bootstrap interval over groups of films, and a word."""
    columns = np.column_stack([values, values[:, :1] - values[:, 1:]])
    drawn = np.array([middle(columns[rows], axis=0) for rows in _resampled(groups)])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    centres = middle(columns, axis=0)
    cells = [f"{m:.2f} [{a:.2f}, {b:.2f}]" for m, a, b in zip(centres, low, high, strict=True)]
    return [*cells, _verdict(low[3:], high[3:])]


def _resampled(groups: list[str]) -> Iterator[NDArray[np.intp]]:
    """Films of as many groups as there are, drawn with repetition: films of a patient stay."""
    names, of_film = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(of_film == group) for group in range(len(names))]
    generator = np.random.default_rng(0)
    for _ in range(RESAMPLES):
        drawn = generator.integers(len(names), size=len(names))
        yield np.concatenate([members[group] for group in drawn])


def _verdict(low: NDArray[np.float64], high: NDArray[np.float64]) -> str:
    words = []
    for null, below, above in zip(SOURCES[1:], low, high, strict=True):
        if below > 0:
            words.append(f"above {null}")
        elif above < 0:
            words.append(f"below {null}")
    return ", ".join(words) or "-"


if __name__ == "__main__":
    main()
