"""The REST edge of people, official bodies and the ties between them."""
