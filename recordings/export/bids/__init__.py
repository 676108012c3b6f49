"""Sessions as a BIDS dataset."""
