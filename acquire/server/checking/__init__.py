"""Sessions are checked after their closing, while nothing records."""
