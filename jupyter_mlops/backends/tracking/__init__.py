"""The only package that imports mlflow, and only when it is first used."""
