"""Files kept by what is in them: digests, the content store, placing without copying."""
