"""What the farm tells Prometheus, read from the store when it asks. It keeps nothing of its own."""
