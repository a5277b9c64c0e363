"""What others may ask of the register of persons, of official bodies, and of the ties between them."""

from participants.services.bodies import (
    create_body,
    edit_body,
    end_liaison,
    grant_liaison,
)
from participants.services.links import (
    confirm_link,
    edit_link,
    end_link,
    record_link,
)
from participants.services.reach import (
    Gate,
    Reach,
    Way,
    closed_links_of,
    reach_of,
    ways_of,
)

__all__ = [
    "Gate",
    "Reach",
    "Way",
    "closed_links_of",
    "confirm_link",
    "create_body",
    "edit_body",
    "edit_link",
    "end_liaison",
    "end_link",
    "grant_liaison",
    "reach_of",
    "record_link",
    "ways_of",
]
