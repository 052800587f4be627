"""Runs: what a training leaves, and which run is in production."""
