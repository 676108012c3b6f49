"""The stimulus player's window: what the participant sees, and how they answer."""
