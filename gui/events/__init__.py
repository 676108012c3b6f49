"""What has happened: the list, and what has to be read."""
