"""`farm top`: the farm on one screen, told anew every few seconds."""
