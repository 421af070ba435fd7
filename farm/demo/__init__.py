"""The farm shown at work: a small film, rendered for two productions at once."""
