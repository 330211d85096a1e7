"""What a job's folder says: the spec, the state and the events of a training run (no torch)."""
