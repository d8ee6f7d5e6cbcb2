"""Programs that run elsewhere: a trial, and the runner that starts trials on this machine."""
