"""For tests, ours and those of people who extend jupyter_mlops; also a pytest plugin."""
