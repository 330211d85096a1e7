"""DICOM: what a file says, its pixels, and its content as text."""
