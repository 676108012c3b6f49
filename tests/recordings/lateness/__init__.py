"""Late or lost."""
