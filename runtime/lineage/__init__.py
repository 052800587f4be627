"""Where a run came from and where it went: data, contract, run, model, production, service."""
