"""`farm report`: where the farm's time went, and what it was spent on, over days and months."""
