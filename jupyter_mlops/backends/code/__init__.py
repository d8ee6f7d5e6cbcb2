"""A notebook's code, read and never run: its cells as Python, what they import, the local files they need."""
