"""Effects on a canvas: what they are, the pixel operations they use and the registry that lists them."""
