"""Which tissue tiles are turned, mirrored, shifted or scaled copies of one another."""
