"""Decoding in child processes, so that a hostile file costs one sentence."""
