"""Files to pixels: DICOM, PNG, JPEG and TIFF; the display chain; what a network sees of a film."""
