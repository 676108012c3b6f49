"""What a session looks like at any moment: frames, signals, markers. Pure: no window, no Qt."""
