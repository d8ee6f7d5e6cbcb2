"""Talking to the outside: MLflow, notebooks, processes. Each library has one home here."""
