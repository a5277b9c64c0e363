"""What coordinators and the detector do. One file per concern: outbox, comparison, flags, links."""
