"""Makes readable what a crash has left; the original is kept."""
