"""What the browser is sent: vendored files as they came, templates that the content security policy lets work."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "static" / "vendor"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# A page of ours sends 74 KB compressed; style and script of our own are the part that grows.
LARGEST = {"app.css": 40_000, "app.js": 10_000, "sprite.svg": 8_000}


def listed() -> dict[str, str]:
    """SHA-256 of every vendored file, by its path."""
    return {
        path: digest
        for package in json.loads((VENDOR / "vendor.json").read_text(encoding="utf-8"))
        for path, digest in package["sha256"].items()
    }


def test_vendored_files_are_those_that_are_listed() -> None:
    found = {
        path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "vendor.json"
    }

    assert found == listed()


def test_every_vendored_package_brings_its_licence() -> None:
    folders = {path.split("/")[0] for path in listed()}

    assert all(f"{folder}/LICENSE" in listed() for folder in folders)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_inline_style_or_script_and_no_other_host(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    # Data that a script reads is run by no browser.
    text = re.sub(r'<script [^>]*type="application/json">', "", text)

    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=['\"]|javascript:", text)
    assert not re.search(r"(?:src|href|action)=[\"'](?:https?:)?//", text)


def test_icons_that_templates_name_exist() -> None:
    known = set(re.findall(r'<symbol id="(\w+)"', (ROOT / "static" / "sprite.svg").read_text("utf-8")))
    named = {
        name for path in TEMPLATES for name in re.findall(r"{% icon ['\"](\w+)", path.read_text("utf-8"))
    }

    assert named - known == set()


@pytest.mark.parametrize("name", sorted(LARGEST))
def test_own_files_stay_small(name: str) -> None:
    assert (ROOT / "static" / name).stat().st_size <= LARGEST[name]
