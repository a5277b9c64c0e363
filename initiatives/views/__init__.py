"""Pages of conflicts, their circles, and initiatives: one file per concern, one function per address."""
