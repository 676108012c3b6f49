"""How far coders are, how far they agree, what they disagree about, and what is decided."""
