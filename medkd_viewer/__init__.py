"""The viewer: the window that a radiologist and a researcher sit in front of."""
