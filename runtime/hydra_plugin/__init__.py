"""Hydra's plugins of overture, installed as hydra_plugins.overture, where Hydra wants them."""
