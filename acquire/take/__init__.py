"""One recording, to its closing. Knows no inlet and no device process."""
