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
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from localisation_table import localisation_table
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from medkd_core.bundles.read import Bundle, open_bundle
from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.record import Record, Split
from medkd_core.engines.protocol import Engine
from medkd_core.explanation.localisation import localise, tuned_threshold
from medkd_core.explanation.null_maps import centre_blob, random_maps_like
from medkd_core.explanation.other_methods import METHODS, cam, open_network
from medkd_core.explanation.score_cam import (
    DEFAULT_DIALECT,
    DIALECTS,
    MaskedScores,
    channel_masks,
    class_map,
    contrast_map,
    look,
    show_masks,
)
from medkd_core.explanation.score_cam.contrast import METHOD as CONTRAST
from medkd_core.explanation.score_cam.maps import ClassMap
from medkd_core.imaging.preprocessing import map_to_image, network_input, view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.recipe import View
from medkd_core.jobs.spec import DataSpec

FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]

FULL_RANGE = View(intensity="full")
PASSES = DIALECTS | {CONTRAST: DIALECTS[DEFAULT_DIALECT]}
"""By method, the dialect whose masked passes it is made of."""
TARGETS = {"infection": "infection_mask", "lungs": "lung_mask"}


@dataclass(frozen=True)
class Subject:
    """A network of the bundle, whose maps are measured."""

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
        wanted = [name for name in PASSES if name in methods]
        for rules in {PASSES[name].masks: PASSES[name] for name in wanted}.values():
            masks = channel_masks(seen.activations, self.engine.input_shape, rules)
            scores = show_masks(self.engine, seen, masks)
            for name in wanted:
                if PASSES[name].masks == rules.masks:
                    found = _score_cam_map(scores, index, name)
                    yield name, found.input_map, found.empty

    def _others(
        self, picture: FloatArray, index: int, methods: list[str]
    ) -> Iterator[tuple[str, FloatArray, bool]]:
        entry = self.bundle.entry(self.name)
        for name in (name for name in METHODS if name in methods):
            found = cam(
                self._network,
                self.name,
                entry.recipe.size,
                picture,
                index,
                name,
                target_layer=entry.target_layer,
            )
            yield name, found.input_map, found.empty

    @cached_property
    def _network(self) -> Any:
        entry = self.bundle.entry(self.name)
        return open_network(
            self.bundle.weights_path(self.name),
            self.name,
            width=entry.width,
            classes=len(self.classes),
            image_size=entry.recipe.size,
        )


def _score_cam_map(scores: MaskedScores, index: int, method: str) -> ClassMap:
    if method == CONTRAST:
        return contrast_map(scores, index)
    return class_map(scores, index, DIALECTS[method])


def main() -> None:
    """Measure what is missing, and print one table for each network and method."""
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
            done = [film for film in results["films"][network].values() if method in film]
            measured = [film[method] | {"group": film["group"]} for film in done]
            level = results["thresholds"][network][method]
            console.print(localisation_table(f"{network}, {method}", measured, level))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--films", type=Path, required=True, help="root of the data set")
    parser.add_argument("--networks", nargs="+", help="all of the bundle when left out")
    parser.add_argument("--methods", nargs="+", default=[*PASSES], choices=[*PASSES, *METHODS])
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


if __name__ == "__main__":
    main()
