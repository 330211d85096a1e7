"""The training loop: what a step is, what is kept of it, and how several processes share it."""
