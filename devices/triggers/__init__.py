"""Trigger codes in and out: ports, pulses, bouncing contacts, flanks of light."""
