"""How an engine and a node find each other, and know whom they speak to."""
