"""Codenames: two neutral words, drawn at random, that say nothing of place, party or person.

About 17,000 pairs. Not unique on purpose: a refused codename would tell that somebody else has it.
"""

from __future__ import annotations

import secrets

_FIRST = (
    "Amber Ashen Autumn Azure Bold Brass Bright Bronze Calm Cedar Chalk Clear Clever Cobalt Copper Coral "
    "Crimson Crystal Dappled Dawn Deep Distant Early Ember Even Fair Fern Firm Flint Gentle Gilded Golden "
    "Granite Green Hazel Hidden High Honest Hollow Indigo Iron Ivory Jade Keen Kind Late Leaf Level Light "
    "Lilac Linen Long Lucid Maple Marble Mellow Merry Mild Misty Modest Mossy Narrow Nimble Noble Northern "
    "Oaken Ochre Olive Opal Open Patient Pearl Pewter Plain Polar Proud Quiet Rapid Red Reed Round Russet "
    "Saffron Sage Salt Sandy Scarlet Sepia Shaded Silent Silver Slate Slow Smooth Snowy Soft Solid Sparrow "
    "Spring Steady Still Stone Straw Summer Sunny Swift Tawny Teal Thin Tidal True Umber Velvet Violet Warm "
    "White Wide Willow Winter Woven Young"
)
_SECOND = (
    "Acorn Anchor Anvil Apple Arch Arrow Badger Barley Basin Basket Bay Beacon Bell Birch Bloom Boat Bough "
    "Bowl Bramble Bridge Brook Cairn Candle Canoe Canyon Castle Cliff Clover Comet Compass Cove Crane Creek "
    "Dale Delta Dial Door Dove Drum Dune Eagle Echo Elm Falcon Feather Field Finch Fjord Flute Forge Fountain "
    "Fox Garden Gate Glade Grove Gull Harbour Harp Hawk Hearth Heron Hill Inlet Island Ivy Kestrel Kettle Key "
    "Kite Lagoon Lake Lantern Lark Ledger Lighthouse Lily Loom Lotus Lynx Meadow Mill Mirror Moon Moor "
    "Mountain Needle Nest Oak Orchard Otter Owl Paddle Path Pebble Pine Plough Pond Quill Quarry Rain Raven "
    "Reef Ridge River Robin Root Rope Sail Saddle Seal Shell Shore Sky Spire Spruce Star Stork Stream Swan "
    "Table Tern Thicket Thistle Tide Torch Tower Trail Valley Vessel Wagon Walnut Water Wave Well Wheel Wind "
    "Window Wren"
)
FIRST, SECOND = _FIRST.split(), _SECOND.split()


def draw() -> str:
    """A new codename."""
    return f"{secrets.choice(FIRST)} {secrets.choice(SECOND)}"
