"""The commands, their tables and progress. No rule of its own."""
