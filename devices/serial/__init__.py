"""Serial ports, and the lines and packets that come through them."""
