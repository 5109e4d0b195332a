"""The prints of `fpverify.testing`, as tests call them."""

from fpverify.testing.made_up_prints import MODEL, WIDTH, finger, impression, moved_by, on_grid, template

__all__ = ["MODEL", "WIDTH", "finger", "impression", "moved_by", "on_grid", "template"]
