"""The truth of a simulated session, found again in its files."""
