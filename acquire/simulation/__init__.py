"""Whole sessions of simulated devices, faster than time and without a network."""
