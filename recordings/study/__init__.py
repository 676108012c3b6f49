"""What a folder of sessions holds. Records nothing and judges nothing."""
