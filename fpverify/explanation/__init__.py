"""Why two scans match or do not: in numbers, in words, in pictures."""
