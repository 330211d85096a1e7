"""Train a network from labels, from teachers, or from both; publish what came of it."""
