"""What comparisons say: error rates, their intervals and tails, and the difference of two matchers."""
