"""Who could be recognized in a session, and how a participant is taken out again."""
