"""The server deployment keeps the master key away from everything that need not have it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]
KEY_USER = "10002"


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]


def volumes(service: dict[str, Any]) -> set[str]:
    return {mount.split(":")[0] for mount in service.get("volumes", [])}


def test_one_service_has_the_master_key_and_nothing_else(services: dict[str, Any]) -> None:
    assert [name for name, service in services.items() if "masterkey" in volumes(service)] == ["keys"]

    keys = services["keys"]
    assert (volumes(keys), keys["network_mode"]) == ({"masterkey", "keysocket"}, "none")
    assert "environment" not in keys
    assert (keys["user"], keys["read_only"], keys["cap_drop"]) == (f"{KEY_USER}:{KEY_USER}", True, ["ALL"])


def test_data_keys_are_where_texts_are_opened(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "keystore" in volumes(service)} == {"web", "worker"}
    assert {name for name, service in services.items() if "keysocket" in volumes(service)} == {
        "keys", "web", "worker",
    }  # fmt: skip
    for name in ("web", "worker"):
        assert services[name]["environment"]["T2D_KEY_SERVICE"] == "unix:/run/t2d/keys.sock"
        assert services[name]["depends_on"]["keys"] == {"condition": "service_healthy"}
        assert "user" not in services[name]


def test_image_has_the_users_and_folders_that_the_services_name(services: dict[str, Any]) -> None:
    image = (PROJECT / "Dockerfile").read_text(encoding="utf-8")
    command = services["keys"]["command"]

    assert "useradd --uid 10001 --gid desk" in image
    assert f"useradd --uid {KEY_USER} --gid keys" in image
    assert image.index("useradd") < image.index("USER desk")
    for folder in (
        "700 -o keys -g keys /keys",
        "750 -o keys -g desk /run/t2d",
        "700 -o desk -g desk /keystore",
    ):
        assert f"install -d -m {folder}" in image
    assert command[command.index("--allow-uid") + 1] == command[command.index("--group") + 1] == "10001"
    assert "--create" not in command
