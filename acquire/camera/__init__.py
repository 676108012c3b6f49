"""From a frame to the encoder and its index row; runs in a device process."""
