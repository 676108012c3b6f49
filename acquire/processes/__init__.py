"""Child processes and what is said to them. Knows no take."""
