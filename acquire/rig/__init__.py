"""The rig file. Needs no LSL and starts no process."""
