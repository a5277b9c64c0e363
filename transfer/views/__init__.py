"""Pages of outcomes and transfers."""
