"""What the networks think of the film in hand, and what the reader makes of it."""
