"""The live viewer: what is shown and what a hand does to it. Paints nothing."""
