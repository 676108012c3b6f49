"""All painting over data, on pyqtgraph, which no other room imports."""
