"""What the drivers of networked amplifiers share: connection, framing, count of samples.

`client` says what every protocol gives, `amplifier` makes a device of it. Each wire format is one
module (`rda`, `curry_packets`, `scan_packets`, `biopac.ndt`…) that knows bytes and no sockets.
"""
