"""Explained films as one HTML page that needs nothing but the pictures beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.bundles.schema import file_stem
from medkd_core.evaluation.explained_film import (
    ExplainedFilm,
    ExplainedNetwork,
    FailedFilm,
    FailedNetwork,
    Film,
    Measured,
    answered,
)
from medkd_core.evaluation.maps_summary import MapsSummary, maps_summary
from medkd_core.explanation.other_methods import METHODS

_STYLE = """
:root { color-scheme: dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 1500px; padding: 24px; background: #111418; color: #d9dee5; }
h1 { font-size: 1.4rem; margin: 0 0 4px; }
h2 { font-size: 1.05rem; margin: 40px 0 2px; overflow-wrap: anywhere; }
p { margin: 4px 0; color: #9aa4b1; }
.research { color: #f0c36d; }
.maps { display: grid; gap: 20px; margin-top: 12px;
        grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); }
figure { margin: 0; }
img { width: 100%; aspect-ratio: 1; object-fit: contain; background: #000; display: block; }
figcaption { margin: 6px 0; font-weight: 600; }
.numbers { overflow-x: auto; margin-top: 10px; }
table { border-collapse: collapse; font-size: .86rem; }
th, td { padding: 2px 0 2px 18px; text-align: right; font-variant-numeric: tabular-nums;
         font-weight: normal; border-bottom: 1px solid #252b33; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th { color: #9aa4b1; }
.missing, details, caption { color: #9aa4b1; }
caption { text-align: left; }
details { margin: 8px 0 16px; }
dt { margin-top: 6px; color: #d9dee5; }
dd { margin-left: 18px; }
.failed { color: #e5846f; overflow-wrap: anywhere; }
"""
_MEANINGS = {
    "Other classes": "rank correlation with the most similar of the other classes' maps; near 1, "
    "the map hardly depends on the class.",
    "Channel mean": "rank correlation with the mean of the layer's channels, which knows no class.",
    "Estimated distance from exact": "1 less the rank correlation of a preview with the exact map, "
    "an estimate and no bound.",
    "Of different films, of random maps": "what the rank correlation of two networks' maps is held "
    "against (medians): their maps of different films, and a map with random ones as smooth.",
    "Random, centre": "what a random map and a blob in the middle of the film reach.",
}


def maps_page(films: Mapping[str, Film], waiting: int = 0) -> str:
    """The page.

    Parameters
    ----------
    films : mapping of folder to ExplainedFilm or FailedFilm
        Folder of the film's pictures relative to the page, with ``/``; empty where they lie
        beside it.
    waiting : int
        Films that were not asked about any more.

    Returns
    -------
    str
        HTML, every name from a file escaped.
    """
    documents = answered(films.values())
    summary = maps_summary(documents)
    title = "1 film" if len(films) == 1 else f"{len(films)} films"
    body = "".join(_film(folder, film, summary) for folder, film in films.items())
    overview = _overview(summary) if len(documents) > 1 else ""
    missing = _missing(len(films) - len(documents), waiting)
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Where the networks looked</title><style>{_STYLE}</style></head>\n<body>\n"
        f"<h1>Where the networks looked: {title}</h1>\n"
        f'<p class="research">{escape(RESEARCH_USE_ONLY)}</p>\n'
        f"{_models(documents)}{missing}{_about()}{overview}{body}</body></html>\n"
    )


def _missing(failed: int, waiting: int) -> str:
    said = {
        f"Films that could not be explained: {failed}.": failed,
        f"Stopped: films that were not asked about any more: {waiting}.": waiting,
    }
    return "".join(f'<p class="failed">{line}</p>\n' for line, count in said.items() if count)


def _models(films: Sequence[ExplainedFilm]) -> str:
    said = dict.fromkeys(
        f"Model: {film.model['name']} {film.model['version']}"
        f"{', the embedded demo, trained on drawn films only' if film.model['demo'] else ''}; "
        f"computed on {film.model['device']}; Score-CAM dialect or method: {film.dialect}"
        f"{'' if film.dialect in METHODS else f'; seen under a mask: {film.baseline}'}."
        for film in films
    )
    remarks = dict.fromkeys(filter(None, (method_remark(film.dialect) for film in films)))
    return "".join(f"<p>{escape(line)}</p>\n" for line in (*said, *remarks))


def method_remark(name: str) -> str:
    """What a reader should know of a method before believing its maps; empty for Score-CAM's ways.

    Examples
    --------
    >>> method_remark("eigen-cam")[:42]
    'Eigen-CAM: The main pattern of the activat'
    """
    method = METHODS.get(name)
    return "" if method is None else f"{method.label}: {method.remark}"


def _about() -> str:
    terms = "".join(f"<dt>{escape(t)}</dt><dd>{escape(m)}</dd>" for t, m in _MEANINGS.items())
    return f"<details><summary>What the numbers mean</summary><dl>{terms}</dl></details>\n"


def _overview(summary: MapsSummary) -> str:
    """Medians over all films: a row a network."""
    heads = (
        *("Network", "Films", "No map", "Failed", "Other classes", "Channel mean"),
        *(f"Like {summary.first}", "Different films", "Random maps"),
    )
    rows = ["".join(f"<th>{escape(head)}</th>" for head in heads)]
    for one in summary.networks.values():
        values = (one.other_classes, one.channel_mean, one.like_first, one.other_films, one.random)
        cells = (escape(one.label), one.films, one.no_map, one.failed, *map(_figure, values))
        rows.append("".join(f"<td>{cell}</td>" for cell in cells))
    table = "".join(f"<tr>{row}</tr>" for row in rows)
    caption = "<caption>Medians over all films</caption>"
    return f'<div class="numbers"><table>{caption}{table}</table></div>\n'


def _film(folder: str, film: Film, summary: MapsSummary) -> str:
    frame = f", frame {film.frame}" if film.frame else ""
    shown = _failed_film(film) if isinstance(film, FailedFilm) else _maps(folder, film, summary)
    return f"<section><h2>{escape(film.file)}{frame}</h2>\n{shown}</section>\n"


def _failed_film(film: FailedFilm) -> str:
    return f'<p class="failed">Not explained: {escape(film.reason)}.</p>\n'


def _maps(folder: str, film: ExplainedFilm, summary: MapsSummary) -> str:
    original = _picture(folder, "film.png", f"The film {film.file}")
    maps = "".join(_map(folder, network) for network in film.networks)
    maps += "".join(map(_failure, film.failed))
    method = METHODS.get(film.dialect)
    knows_no_class = method is not None and not method.class_dependent
    hint = "; the map is the same for every class" if knows_no_class else ""
    return (
        f"<p>Explained class: {escape(film.class_name)}{hint}</p>\n"
        f'<div class="maps"><figure>{original}<figcaption>Film</figcaption></figure>\n'
        f"{maps}</div>\n{_numbers(film, summary)}"
    )


def _map(folder: str, network: ExplainedNetwork) -> str:
    picture = _picture(folder, f"{file_stem(network.network)}.png", f"Map of {network.label}")
    if network.no_map:
        picture = '<p class="missing">No map: there is nothing to show for this class.</p>'
    caption = f"{escape(network.label)}, {escape(network.role)}"
    return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>\n"


def _failure(network: FailedNetwork) -> str:
    caption = f"{escape(network.label)}, {escape(network.role)}"
    reason = f'<p class="failed">Not explained: {escape(network.reason)}.</p>'
    return f"<figure>{reason}<figcaption>{caption}</figcaption></figure>\n"


def _numbers(film: ExplainedFilm, summary: MapsSummary) -> str:
    """One table: a row a number, a column a network; measures with their nulls beside them."""
    heads = "".join(f'<th colspan="3">{escape(n.label)}</th>' for n in film.networks)
    rows = [f"<tr><th></th>{heads}</tr>"]
    facts = [_facts(one) | _agreement(film, one, summary) for one in film.networks]
    for name in dict.fromkeys(name for fact in facts for name in fact):
        cells = "".join(f'<td colspan="3">{fact.get(name, "–")}</td>' for fact in facts)
        rows.append(f"<tr><td>{escape(name)}</td>{cells}</tr>")
    measures = {m.name: m for network in film.networks for m in network.measures}
    if measures:
        columns = "<th>map</th><th>random</th><th>centre</th>" * len(film.networks)
        rows.append(f"<tr><th></th>{columns}</tr>")
    rows += [_measure_row(film, measure) for measure in measures.values()]
    return f'<div class="numbers"><table>{"".join(rows)}</table></div>\n'


def _facts(network: ExplainedNetwork) -> dict[str, str]:
    facts = {
        "Passes": f"{network.forwards} ({'exact' if network.exact else 'preview'})",
        "Seconds": f"{network.seconds:.1f}",
        "Other classes": _figure(network.other_classes),
        "Channel mean": _figure(network.channel_mean),
    }
    if not network.exact and network.error is not None:
        facts["Estimated distance from exact"] = _figure(network.error)
    if network.against is not None:
        facts["Against"] = escape(network.against)
    return facts


def _agreement(
    film: ExplainedFilm, network: ExplainedNetwork, summary: MapsSummary
) -> dict[str, str]:
    """How like the first network's map this one is, and how like maps are that share nothing."""
    first = film.networks[0].label
    of_all = summary.networks[network.network]
    facts = {}
    for row in film.agreement_with_first:
        if row["network"] == network.network:
            facts[f"Rank correlation with {first}"] = _figure(row["spearman"])
            if first == summary.first:
                facts["… of different films"] = _figure(of_all.other_films)
                facts["… of random maps"] = _figure(of_all.random)
            facts[f"Top fifth shared with {first}"] = _figure(row["top_fifth_iou"])
    return facts


def _measure_row(film: ExplainedFilm, measure: Measured) -> str:
    arrow = {"lower": " ↓", "higher": " ↑", "neither": ""}[measure.better]
    found = [{m.name: m for m in network.measures}.get(measure.name) for network in film.networks]
    cells = "".join(map(_measure_cells, found))
    return f"<tr><td>{escape(measure.label)}{arrow}</td>{cells}</tr>"


def _measure_cells(found: Measured | None) -> str:
    if found is None:
        return "<td>–</td>" * 3
    hint = f' title="{escape(found.reason)}"' if found.reason else ""
    values = (found.value, found.random, found.centre)
    return "".join(f"<td{hint}>{_figure(value)}</td>" for value in values)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}".replace("-", "−")


def _picture(folder: str, name: str, alt: str) -> str:
    address = quote(f"{folder}/{name}" if folder else name, errors="surrogateescape")
    return f'<img loading="lazy" src="{address}" alt="{escape(alt)}">'
