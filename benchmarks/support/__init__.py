"""What measurements share: private data services, and a synthetic register."""
