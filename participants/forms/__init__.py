"""Forms of people, official bodies and the ties between them: what is typed becomes the arguments of a service."""

from participants.forms.bodies import BodyForm, body_values
from participants.forms.links import EndLinkForm, LinkForm, link_values

__all__ = [
    "BodyForm",
    "EndLinkForm",
    "LinkForm",
    "body_values",
    "link_values",
]
