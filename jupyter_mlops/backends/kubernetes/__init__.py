"""Kubernetes: what trials and endpoints on a cluster are made of."""
