"""Pages of coordination: the queue of overlaps, and the comparison of a pair."""
