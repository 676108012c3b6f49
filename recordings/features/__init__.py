"""What sessions hold, as tables for statistics and models. Judges nothing, fills nothing in."""
