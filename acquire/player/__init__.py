"""A protocol in motion. Knows no Qt and no take."""
