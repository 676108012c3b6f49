"""Looking at a session frame by frame beside its signals; coding plugs in as a pane."""
