"""From inlets to takes, and watched on the way. Knows no folder and no device process."""
