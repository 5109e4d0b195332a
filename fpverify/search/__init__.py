"""Who is enrolled, side by side in memory, and a probe's likeliest among them."""
