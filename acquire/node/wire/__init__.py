"""What an engine and a node say to each other, as JSON."""
