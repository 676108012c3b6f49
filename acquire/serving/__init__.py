"""What any HTTP server of ours stands on: the guard, patient connections, uvicorn in a thread."""
