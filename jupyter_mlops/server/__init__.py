"""The Jupyter server extension: wiring, thin REST, event hints."""
