"""12-bit JPEG (JPEG Extended, process 4) through GDCM; pydicom hands it to no decoder."""

from __future__ import annotations

import gdcm
import numpy as np
from numpy.typing import NDArray


def decode_extended_jpeg(encoded: bytes, rows: int, columns: int) -> NDArray[np.uint16]:
    """Decode one grey JPEG frame of 9 to 12 bits.

    Parameters
    ----------
    encoded : bytes
    rows, columns : int

    Returns
    -------
    uint16, (rows, columns)

    Raises
    ------
    ValueError
        The bytes are no such frame.
    """
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((columns, rows, 1))
    image.SetDataElement(_pixel_data(encoded))
    grey = gdcm.PhotometricInterpretation.GetPIType("MONOCHROME2")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(grey))
    syntax = gdcm.TransferSyntax.GetTSType("1.2.840.10008.1.2.4.51")
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    image.SetPixelFormat(gdcm.PixelFormat(1, 16, 12, 11, 0))
    buffer = image.GetBuffer()
    if buffer is None:
        raise ValueError("its JPEG stream cannot be decoded")
    # GDCM's binding hands bytes over as text.
    values = np.frombuffer(buffer.encode("utf-8", "surrogateescape"), "<u2")
    return values.reshape(rows, columns).astype(np.uint16)


def _pixel_data(encoded: bytes) -> gdcm.DataElement:
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(encoded)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    return element
