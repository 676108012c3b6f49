"""The recorder window and the panels that only it has."""
