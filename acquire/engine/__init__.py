"""One rig: opened, started, stopped, split. Touches no sample and no frame."""
