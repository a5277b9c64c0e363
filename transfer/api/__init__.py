"""The API of outcomes: one file per resource."""
