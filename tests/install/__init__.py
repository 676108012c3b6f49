"""What users install: the wheel, each extra, the bundle."""
