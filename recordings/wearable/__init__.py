"""What a wearable stored on board, brought into a session on its clock."""
