"""How a face moves: traces of its regions, blinks, the head's pose, and where to look first."""
