"""An open session for analysis. Judges nothing and writes nothing."""
