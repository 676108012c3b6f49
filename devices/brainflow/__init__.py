"""What the BrainFlow driver knows of boards, rows and impedance."""
