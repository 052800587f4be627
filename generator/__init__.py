"""From a Spec to files, and the overture command."""
