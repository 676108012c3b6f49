"""The engine from outside: its process, its link, what it says. No widget."""
