"""Stored values become brightness: the display chain, its windows, and its steps in words."""
