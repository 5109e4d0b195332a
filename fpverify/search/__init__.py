"""Who is enrolled, followed as it changes, and a probe's likeliest among them."""
