"""The studies at hand: list, thumbnails, opening, the reader's journal."""
