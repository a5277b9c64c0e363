"""Pseudonyms of persons: a neutral word and a number, drawn at random. Not codenames, which are two words.

Not unique: a refused pseudonym would tell that another organisation has a person of that name.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection

_WORDS = (
    "Avocet Bittern Blackcap Brambling Bunting Buzzard Chaffinch Chough Coot Cormorant Corncrake Crossbill Cuckoo "
    "Curlew Dabchick Dipper Dotterel Dunlin Dunnock Egret Eider Fieldfare Firecrest Flycatcher Fulmar Gadwall Gannet "
    "Garganey Godwit Goldcrest Goosander Goshawk Grebe Greenshank Guillemot Hobby Hoopoe Jackdaw Kingfisher Kittiwake "
    "Knot Lapwing Linnet Magpie Mallard Martin Merganser Merlin Moorhen Nightjar Nuthatch Oriole Ouzel Peregrine "
    "Petrel Phalarope Pintail Pipit Plover Pochard Ptarmigan Puffin Rail Redpoll Redshank Redstart Ruff Sanderling "
    "Sandpiper Scoter Serin Shearwater Shelduck Shoveler Shrike Siskin Skua Skylark Snipe Spoonbill Starling Stint "
    "Stonechat Thrush Treecreeper Turnstone Twite Wagtail Warbler Waxwing Wheatear Whimbrel Whinchat "
    "Wigeon Woodcock Wryneck Yellowhammer"
)
WORDS = _WORDS.split()
# Two digits first; three where a writer sees so many people that these run short.
RANGES = ((10, 90), (100, 900))
TRIES = 40


def draw(taken: Collection[str] = ()) -> str:
    """A new pseudonym, another than those that its writer sees; where all seem taken, one of them again."""
    pseudonym = ""
    for first, number in RANGES:
        for _try in range(TRIES):
            pseudonym = f"{secrets.choice(WORDS)} {first + secrets.randbelow(number)}"
            if pseudonym not in taken:
                return pseudonym
    return pseudonym
