"""Images with labels: data sets on disk, splits, augmentation, audit, phantoms."""
