"""What runs on a render node: one worker, its leases, and the Blenders it keeps warm.

It may use the model, the store, the queue and the settings, and nothing above them."""
