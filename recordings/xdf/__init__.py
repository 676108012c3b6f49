"""XDF, chunk by chunk and file by file. Knows no manifest and no video."""
