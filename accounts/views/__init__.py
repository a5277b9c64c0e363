"""Pages of accounts, organisations and the links by which people come in; sign-in itself is allauth's."""
