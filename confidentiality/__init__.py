"""The ground floor: codes, policy, acting user and records. Knows no domain model."""
