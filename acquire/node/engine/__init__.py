"""The engine's side: a connection to each node, and links to the devices there."""
