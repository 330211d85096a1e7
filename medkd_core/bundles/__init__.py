"""The published model: what its folder says, writing, reading and verifying it."""
