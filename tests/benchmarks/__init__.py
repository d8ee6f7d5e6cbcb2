"""One file per promise; each measures itself beside a named peer in the same run. `make bench` runs them."""
