"""The keys of one data folder: a key file, a key store, and the environment that leads to both.

Both lie beside the database here: whoever copies the whole folder can open everything. See docs/howto/keys.md.
"""

from __future__ import annotations

from pathlib import Path

from confidentiality import keyring
from confidentiality.keystore import KeyStore


def key_file(path: Path) -> Path:
    return path / "keys" / "keys.json"


def store_folder(path: Path) -> Path:
    return path / "keystore"


def make(path: Path) -> None:
    """Key file and key store of a new data folder; nothing where they are."""
    store = KeyStore(store_folder(path))
    store.prepare()
    if not key_file(path).exists():
        keyring.create_file(key_file(path))


def in_process(path: Path) -> dict[str, str]:
    """For tests and throwaway runs: every process reads the key file itself."""
    return {"T2D_KEY_SERVICE": f"file:{key_file(path)}", "T2D_KEY_STORE": str(store_folder(path))}
