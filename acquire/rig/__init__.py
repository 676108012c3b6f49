"""The rig file. Needs no LSL; starts a process only to try a driver of somebody else's."""
