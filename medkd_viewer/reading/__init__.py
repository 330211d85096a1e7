"""Films and maps on panes: geometry, painting, hands."""
