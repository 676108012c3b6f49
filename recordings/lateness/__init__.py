"""Late or lost: what the stamps of a stream tell, offline. Pure; knows of no files."""
