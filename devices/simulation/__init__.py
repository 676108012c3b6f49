"""The simulated world, and what makes devices in it as imperfect as real ones."""
