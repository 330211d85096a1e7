"""What every error says, and that it survives the way from one process to another."""

from __future__ import annotations

import pickle
from pathlib import Path

from medkd_core.errors import BundleError, MedKDError


def test_a_message_names_what_where_why_and_the_cure() -> None:
    error = BundleError("Cannot open", path="/b", because="it is damaged", cure="Publish again.")
    assert str(error) == "Cannot open /b: it is damaged. Publish again."


def test_a_message_without_path_and_cure_is_a_sentence_too() -> None:
    assert str(MedKDError("Cannot go on", because="there is nothing")) == (
        "Cannot go on: there is nothing."
    )


def test_an_error_crosses_a_process_border_whole() -> None:
    error = BundleError("Cannot open", path=Path("b"), because="it is damaged", cure="Do this.")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is BundleError
    assert str(copy) == str(error)
    assert copy.path == Path("b")
