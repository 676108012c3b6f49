"""What was recorded: the card after Stop, and the list of all."""
