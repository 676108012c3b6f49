"""The commands while something records, plays or runs."""
