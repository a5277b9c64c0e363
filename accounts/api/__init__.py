"""The REST edge of accounts, and what every endpoint of the site shares.

This file stays light: the REST framework imports it while it is itself being imported (settings name the two
classes below), so it may import no view. Endpoints are in the modules beside it.
"""

from accounts.api.authentication import HasScope, TokenAuthentication

__all__ = ["HasScope", "TokenAuthentication"]
