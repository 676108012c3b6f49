"""A camera as it is seen live: picture, histogram, focus, face."""
