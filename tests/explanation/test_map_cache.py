"""Maps that were computed before are found again, and never trusted when damaged."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from medkd_core.explanation.cache import MapCache, map_key
from medkd_core.explanation.score_cam import Explanation, Sensitivity

IMAGE = np.arange(48, dtype=np.float32).reshape(3, 4, 4)


def explanation(seed: int = 0) -> Explanation:
    values = np.random.default_rng(seed)
    return Explanation(
        native=values.random((7, 7), np.float32),
        input_map=values.random((64, 64), np.float32),
        class_index=1,
        method="authors",
        exact=True,
        forwards=48,
        seconds=0.5,
        logits=values.random(3, np.float32),
        empty=False,
        sensitivity=Sensitivity(0.8, 0.9),
        error=0.01,
    )


@pytest.fixture
def cache(tmp_path):
    return MapCache(tmp_path / "maps")


def test_kept_map_comes_back_whole(cache):
    kept = explanation()
    cache.put("a", kept)
    found = cache.get("a")
    for name in ("native", "input_map", "logits"):
        np.testing.assert_array_equal(getattr(found, name), getattr(kept, name))
        assert getattr(found, name).dtype == np.float32
    assert found.sensitivity == kept.sensitivity
    assert (found.method, found.exact, found.forwards, found.error) == ("authors", True, 48, 0.01)


def test_map_without_sensitivity_comes_back_without(cache):
    cache.put("a", replace(explanation(), sensitivity=None, error=None))
    found = cache.get("a")
    assert found.sensitivity is None and found.error is None


def test_unknown_key_has_no_map(cache):
    assert cache.get("a") is None


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"\x93NUMPY", os.urandom(300)])
def test_damaged_entry_is_removed_and_computed_again(cache, content):
    cache.put("a", explanation())
    entry = next(cache.folder.glob("*.npz"))
    entry.write_bytes(content)
    assert cache.get("a") is None
    assert not entry.exists()


def test_foreign_arrays_are_no_map(cache):
    cache.folder.mkdir(parents=True)
    np.savez(cache.folder / "a.npz", facts=np.array('{"method": "authors"}'))
    assert cache.get("a") is None


def test_pickle_in_an_entry_is_never_loaded(cache):
    cache.folder.mkdir(parents=True)
    np.savez(cache.folder / "a.npz", facts=np.array([{"x": 1}], dtype=object))
    assert cache.get("a") is None


def test_entries_that_were_not_used_for_longest_make_room(tmp_path):
    probe = MapCache(tmp_path / "probe")
    probe.put("a", explanation())
    size = next(probe.folder.iterdir()).stat().st_size
    cache = MapCache(tmp_path / "maps", limit_bytes=round(2.5 * size))
    for age, key in enumerate(("a", "b")):
        cache.put(key, explanation())
        os.utime(cache.folder / f"{key}.npz", (age, age))
    assert cache.get("a") is not None
    cache.put("c", explanation())
    assert cache.get("b") is None
    assert cache.get("a") is not None and cache.get("c") is not None


def test_cache_that_cannot_be_written_costs_no_error(tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    cache = MapCache(tmp_path / "file" / "maps")
    cache.put("a", explanation())
    assert "not kept" in caplog.text


def test_key_tells_everything_apart_that_a_map_depends_on():
    facts = {"bundle": "x", "network": "ofa_595", "method": "authors", "class_index": 0}
    other = IMAGE.copy()
    other[0, 0, 0] += 1
    keys = {map_key(IMAGE, **facts), map_key(other, **facts), map_key(IMAGE.reshape(3, 2, 8))}
    keys |= {map_key(IMAGE, **facts | {name: "y"}) for name in facts}
    assert len(keys) == 7
    assert map_key(IMAGE, **facts) == map_key(IMAGE.copy(), **facts)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no such rights there")
def test_entry_that_cannot_be_marked_as_used_is_used_and_kept(cache, monkeypatch):
    cache.put("a", explanation())

    def refuse(*_args, **_kwargs):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "utime", refuse)
    assert cache.get("a") is not None
    assert cache.get("a") is not None
