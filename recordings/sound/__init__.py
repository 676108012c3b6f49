"""Sound files: written block by block, read by sample."""
