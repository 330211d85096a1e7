"""``evaluate``, ``compare`` and ``profile``: how good, compared with what, at what cost."""

from __future__ import annotations

import json as json_module
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.bundles.read import open_bundle
from medkd_core.cli.console import answers, write_json
from medkd_core.cli.options import DeviceOption, JobsOption, JsonOption, ModelOption
from medkd_core.datasets.loading import load_dataset
from medkd_core.evaluation.efficiency import profile_bundle
from medkd_core.evaluation.report import evaluate_bundle
from medkd_core.jobs.spec_file import load_data_spec
from medkd_core.jobs.store import Job, JobStore


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(evaluate)
    app.command()(compare)
    app.command()(profile)
