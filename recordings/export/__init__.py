"""Sessions in other people's forms: BIDS, EDF, tables, clips, videos. Judges nothing."""
