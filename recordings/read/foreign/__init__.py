"""Files of other programs as streams: what replay and import take."""
