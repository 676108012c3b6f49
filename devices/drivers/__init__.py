"""The drivers, one file each: whatever lies here is found by its name. None imports another."""
