"""The protocol on the operator's side: load, begin, pause, and the participant's screen."""
