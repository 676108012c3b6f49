"""What this computer has and can do. Starts no engine."""
