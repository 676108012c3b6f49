"""What nodes keep, brought into the sessions that it belongs to."""
