"""What others may ask of the register of persons, of official bodies, and of the ties between them."""

from participants.services.attendance import mark_attendance
from participants.services.bodies import (
    create_body,
    edit_body,
    end_liaison,
    grant_liaison,
)
from participants.services.forgetting import forget_person
from participants.services.history import versions_in_register
from participants.services.identities import (
    IDENTITY_FIELDS,
    erase_identity,
    open_identity,
    script_of,
    write_identity,
)
from participants.services.links import (
    bring_back_link,
    confirm_link,
    edit_link,
    end_link,
    record_link,
)
from participants.services.participation import change_participation, invitable, participate
from participants.services.people import add_person, edit_person, sides_of
from participants.services.reach import (
    Gate,
    Reach,
    Way,
    closed_links_of,
    reach_of,
    reach_on,
    ways_of,
)
from participants.services.selection import Picture, picture_of, rate, strengths_of

__all__ = [
    "IDENTITY_FIELDS",
    "Gate",
    "Picture",
    "Reach",
    "Way",
    "add_person",
    "bring_back_link",
    "change_participation",
    "closed_links_of",
    "confirm_link",
    "create_body",
    "edit_body",
    "edit_link",
    "edit_person",
    "end_liaison",
    "end_link",
    "erase_identity",
    "forget_person",
    "grant_liaison",
    "invitable",
    "mark_attendance",
    "open_identity",
    "participate",
    "picture_of",
    "rate",
    "reach_of",
    "reach_on",
    "record_link",
    "script_of",
    "sides_of",
    "strengths_of",
    "versions_in_register",
    "ways_of",
    "write_identity",
]
