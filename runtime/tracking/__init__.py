"""Telling others of trainings: OpenLineage events in a file, and a mirror of runs in MLflow. The run folder is only read."""
