"""The REST edge of initiatives: shared reference, cards, teams and circles."""
