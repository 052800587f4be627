"""Benchmarks run by `make bench` only."""

import os

collect_ignore_glob = [] if os.environ.get("OVERTURE_BENCH") == "1" else ["test_*.py"]
