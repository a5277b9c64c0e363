"""Pages of people, official bodies and the ties between them."""
