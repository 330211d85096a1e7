"""Whether maps depend on what a network has learned, and whether they come out alike again.

    python tests/benchmarks/sanity.py --bundle BUNDLE --films cxr3 --json sanity.jsonl
    python tests/benchmarks/sanity.py ... --beside BUNDLE_OF_ANOTHER_SEED

Weights are made random from the classifier down; after each of a few steps the maps are compared
with the original ones, see `weight_cascade`. Then every two networks' maps are compared, teacher
and student or, with another bundle, two training seeds. Films are taken evenly from the test films;
the class that the first network finds likeliest is explained by all.

One line is written for each network and method: the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import itertools
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from map_fidelity import evenly_spread_films
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from torch import nn

from medkd_core.bundles.read import Bundle, open_bundle
from medkd_core.bundles.schema import NetworkEntry
from medkd_core.explanation.other_methods import METHODS, open_network
from medkd_core.explanation.sanity import (
    explainer,
    fresh_network,
    repeatability,
    verdict,
    weight_cascade,
)
from medkd_core.explanation.score_cam import CONTRAST, DEFAULT_DIALECT
from medkd_core.imaging.preprocessing import network_input, view_image
from medkd_core.imaging.reading import read_frame

FloatArray = NDArray[np.float32]
Figures = dict[str, Any]

_STEPS = 5


def main() -> None:
    """Measure what is missing, and print one table of cascades and one of pairs."""
    options = _options()
    console = Console(width=160)
    bundles = [open_bundle(path) for path in (options.bundle, options.beside) if path]
    films = [record.path for record in evenly_spread_films(options.films, options.count)]
    classes = _classes(bundles[0], films)
    known = _earlier(options.json)
    subjects = [
        (bundle, entry.name)
        for bundle in bundles
        for entry in bundle.manifest.networks
        if not options.networks or entry.name in options.networks
    ]
    for (bundle, name), method in itertools.product(subjects, options.methods):
        key = (bundle.digest, name, method)
        if key not in known:
            known[key] = _measured(bundle, name, method, films, classes, options)
            with options.json.open("a") as file:
                file.write(json.dumps(known[key]) + "\n")
        console.print(f"{name}, {method}: measured")
    found = [known[bundle.digest, name, m] for bundle, name in subjects for m in options.methods]
    console.print(_cascade_table(found))
    console.print(_pair_table(found))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--beside", type=Path, help="the same networks from another training seed")
    parser.add_argument("--films", type=Path, required=True, help="root of the data set")
    parser.add_argument("--networks", nargs="+", help="all of the bundle when left out")
    parser.add_argument(
        "--methods", nargs="+", default=[DEFAULT_DIALECT, CONTRAST, "grad-cam", "eigen-cam"]
    )
    parser.add_argument("--count", type=int, default=10, help="films")
    parser.add_argument("--exact", action="store_true", help="Score-CAM by all masks, not by 32")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights")
    parser.add_argument("--json", type=Path, required=True, help="file for the figures")
    return parser.parse_args()


def _earlier(path: Path) -> dict[tuple[str, str, str], Figures]:
    lines = path.read_text().splitlines() if path.is_file() else []
    found = [json.loads(line) for line in lines if line.endswith("}")]
    return {(one["bundle"], one["network"], one["method"]): one for one in found}


def _classes(bundle: Bundle, films: list[Path]) -> list[int]:
    entry = bundle.manifest.networks[0]
    engine = bundle.engine(entry.name)
    return [int(engine.logits(_input(bundle, entry, film)[None]).argmax()) for film in films]


def _input(bundle: Bundle, entry: NetworkEntry, film: Path) -> FloatArray:
    view = bundle.manifest.view
    return network_input(view_image(read_frame(film), view), view, entry.recipe)


def _measured(
    bundle: Bundle,
    name: str,
    method: str,
    films: list[Path],
    classes: list[int],
    options: argparse.Namespace,
) -> Figures:
    entry = bundle.entry(name)
    size = entry.recipe.size
    explain = explainer(
        method,
        name,
        size,
        [_input(bundle, entry, film) for film in films],
        classes,
        target_layer=entry.target_layer,
        preview=method not in METHODS and not options.exact,
    )
    network = _network(bundle, entry)
    originals = explain(network)
    fresh = fresh_network(name, len(bundle.manifest.classes), entry.width, size, seed=options.seed)
    steps = weight_cascade(network, fresh, size, explain, at_most=_STEPS)
    return {
        "bundle": bundle.digest,
        "network": name,
        "role": entry.role,
        "method": method,
        "films": [film.name for film in films],
        "steps": [
            {
                "block": step.block,
                "randomised": step.randomised,
                "similarities": [asdict(one) for one in step.similarities],
            }
            for step in steps
        ],
        "verdicts": [
            {**asdict(found), "label": found.label}
            for found in (
                verdict(originals, steps[0].maps, part="the classifier", seed=options.seed),
                verdict(originals, steps[-1].maps, seed=options.seed),
            )
        ],
        "maps": [one[::4, ::4].round(4).tolist() for one in originals],
    }


def _network(bundle: Bundle, entry: NetworkEntry) -> nn.Module:
    return open_network(
        bundle.weights_path(entry.name),
        entry.name,
        width=entry.width,
        classes=len(bundle.manifest.classes),
        image_size=entry.recipe.size,
    )


def _cascade_table(found: list[Figures]) -> Table:
    table = Table(title="Likeness to the original map: median Spearman · SSIM", box=None)
    heads = ("network", "method", *[f"{share:.0%}" for share in np.linspace(0, 1, _STEPS)])
    for head in (*heads, "classifier random", "all random"):
        table.add_column(head)
    for one in found:
        cells = [_likeness(step["similarities"]) for step in one["steps"]]
        cells += [""] * (_STEPS - len(cells))
        labels = [
            f"{v['label']} ({v['observed']:.2f} / {v['threshold']:.2f})" for v in one["verdicts"]
        ]
        table.add_row(one["network"], one["method"], *cells, *labels)
    return table


def _likeness(similarities: list[dict[str, float]]) -> str:
    spearman, ssim = (np.median([s[name] for s in similarities]) for name in ("spearman", "ssim"))
    return f"{spearman:.2f} · {ssim:.2f}"


def _pair_table(found: list[Figures]) -> Table:
    table = Table(title="Two networks' maps of the same films", box=None)
    for head in ("method", "networks", "Spearman", "percentile among other films", "among random"):
        table.add_column(head)
    for first, second in itertools.combinations(found, 2):
        if first["method"] != second["method"]:
            continue
        maps = ([np.array(one, np.float32) for one in side["maps"]] for side in (first, second))
        spearman = repeatability(*maps).measures["spearman"]
        others = spearman.among_different_images
        table.add_row(
            first["method"],
            f"{first['network']} ({first['role']}), {second['network']} ({second['role']})",
            f"{spearman.median:.2f} ({spearman.lowest:.2f} to {spearman.highest:.2f})",
            "" if others is None else f"{others.percentile:.0f}",
            f"{spearman.among_random_maps.percentile:.0f}",
        )
    return table


if __name__ == "__main__":
    main()
