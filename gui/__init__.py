"""The Qt programs: recorder window, stimulus player, session review."""
