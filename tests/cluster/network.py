"""The network of a real node's pods: a bridge of its own, which leads to this machine and nowhere else."""

from __future__ import annotations

import ipaddress
import json
import socket
import subprocess
from pathlib import Path

import psutil


class Bridge:
    """A bridge with an address on this machine, and what the plugins that bring pods there have to know.

    Its address is there before the first pod, so that something can serve there already. Nothing is routed, so no
    setting of this machine and no firewall's is touched, and pods reach nobody else.
    https://www.cni.dev/plugins/current/main/bridge/
    """

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        self._network = ipaddress.IPv4Network("0.0.0.0/0")

    @property
    def address(self) -> str:
        """This machine's, as pods see it."""
        return str(self._network[1])

    def make(self) -> None:
        """Make it, and write the plugins' settings."""
        self._network = _free_network()
        _ip("link", "add", self.name, "type", "bridge")
        _ip("address", "add", f"{self.address}/{self._network.prefixlen}", "dev", self.name)
        _ip("link", "set", self.name, "up")
        addresses = {
            "type": "host-local",
            "dataDir": str(self.folder / "addresses"),
            # The first is this machine's.
            "ranges": [[{"subnet": str(self._network), "rangeStart": str(self._network[2])}]],
        }
        bridge = {"type": "bridge", "bridge": self.name, "ipam": addresses}
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {"cniVersion": "1.0.0", "name": self.name, "plugins": [bridge]}
        (self.folder / "pods.conflist").write_text(json.dumps(settings, indent=2))

    def remove(self) -> None:
        """Take it away, if it is there."""
        if self.name in psutil.net_if_addrs():
            _ip("link", "delete", self.name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _free_network() -> ipaddress.IPv4Network:
    """A private network that this machine has no address in."""
    found = [each for addresses in psutil.net_if_addrs().values() for each in addresses]
    here = [ipaddress.IPv4Address(each.address) for each in found if each.family == socket.AF_INET]
    every = ipaddress.IPv4Network("10.213.0.0/16").subnets(new_prefix=24)
    return next(network for network in every if not any(each in network for each in here))
