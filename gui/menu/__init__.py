"""What the menu opens: preferences, shortcuts, handbook, about."""
