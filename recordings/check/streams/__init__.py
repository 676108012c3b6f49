"""What the check measures of one stream, and says of it."""
