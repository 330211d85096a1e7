"""What a reader measures on a film: shapes, figures, words, and the hands that draw them."""
