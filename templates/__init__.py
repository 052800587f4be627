"""Text only: the skeleton of a project and the templates of generated files."""
