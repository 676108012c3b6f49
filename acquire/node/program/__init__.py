"""The node's side: the program, its server, and the run of an engine."""
