"""What reading a notebook tells about how it will run: names, packages and paths."""
