"""12-bit JPEG (JPEG Extended, process 4) through GDCM; pydicom hands it to no decoder."""

from __future__ import annotations

import gdcm
import numpy as np
from numpy.typing import NDArray


def decode_extended_jpeg(
    encoded: bytes, shape: tuple[int, ...], photometric: str
) -> NDArray[np.uint16]:
    """Decode one JPEG frame of 9 to 12 bits.

    Parameters
    ----------
    encoded : bytes
    shape : (rows, columns) or (rows, columns, 3)
    photometric : str
        In GDCM's words; colours are left as the stream holds them.

    Returns
    -------
    uint16, of that shape

    Raises
    ------
    ValueError
        The bytes are no such frame.
    """
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((shape[1], shape[0], 1))
    image.SetDataElement(_pixel_data(encoded))
    colours = gdcm.PhotometricInterpretation.GetPIType(photometric)
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(colours))
    syntax = gdcm.TransferSyntax.GetTSType("1.2.840.10008.1.2.4.51")
    image.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    samples = shape[2] if len(shape) == 3 else 1
    image.SetPixelFormat(gdcm.PixelFormat(samples, 16, 12, 11, 0))
    buffer = image.GetBuffer()
    if buffer is None:
        raise ValueError("its JPEG stream cannot be decoded")
    # GDCM's binding hands bytes over as text.
    values = np.frombuffer(buffer.encode("utf-8", "surrogateescape"), "<u2")
    return values.reshape(shape).astype(np.uint16)


def _pixel_data(encoded: bytes) -> gdcm.DataElement:
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(encoded)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    return element
