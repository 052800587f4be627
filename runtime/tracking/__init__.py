"""Telling others of trainings: OpenLineage events in a file."""
