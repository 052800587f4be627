"""What a generated service may import, and nothing else; no Hydra and no plotting library on this path."""
