"""What runs the networks and holds the canvas: what there is, what this machine has, and how it is made ready."""
