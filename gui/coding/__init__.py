"""Coding of expressions beside the review: the pane, its keys, arbitration."""
