"""The rig: its list, its editor, the settings of its devices. Knows no window."""
