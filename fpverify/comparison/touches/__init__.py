"""A touch of a small sensor against a finger that was enrolled from touches.

prepared     the working forms: a touch as a probe, and the ground that it is laid on
worths       what it is worth that a place, or a block of the pictures, agrees
alignment    how a touch lies best on the ground, by the places of both
blocks       the second opinion: how well the pictures agree there
bending      touches in one frame, their skin bent a little
joining      touches laid on each other, and what they show together
finger       that, as it is kept: within so many bytes
comparison   all opinions in one score
"""
