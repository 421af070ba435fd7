"""The node's cache of what sent jobs are made of: fetched once, shared, evicted by age and size."""
