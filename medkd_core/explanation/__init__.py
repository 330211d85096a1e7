"""Where a network looked: Score-CAM, its dialects, agreement of maps, colours."""
