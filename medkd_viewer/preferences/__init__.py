"""The preferences: small pages, each setting with its words and at once in effect."""
