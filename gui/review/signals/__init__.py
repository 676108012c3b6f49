"""The signals of a recorded session: traces, lanes, and which of them are shown."""
