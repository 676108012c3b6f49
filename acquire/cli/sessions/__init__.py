"""The commands on what has been recorded."""
