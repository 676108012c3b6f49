"""EDF+ and BDF+ files."""
