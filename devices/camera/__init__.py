"""What camera drivers share with nobody else: Aravis, GenICam and OpenCV from inside."""
