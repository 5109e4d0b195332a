"""The networks, in Keras; `keras.ops` and built-in layers only, so that every backend can train them."""
