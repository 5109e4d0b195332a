"""What is compared: the prints of a folder or a store, and which of them with which."""
