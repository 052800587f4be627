"""Where rows come from and what a row is."""
