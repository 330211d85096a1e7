"""What may be claimed: predictions, metrics, calibration, familiarity, cost, reports."""
