"""The protocol file and its plan. Pure."""
