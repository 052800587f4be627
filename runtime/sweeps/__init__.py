"""Sweeps: many jobs that were asked for at once, what each left, and which is best."""
