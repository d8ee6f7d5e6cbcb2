"""Environments of kernels: asked from their own interpreters, rebuilt, cached."""
