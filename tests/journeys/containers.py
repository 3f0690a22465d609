"""Carries out a Dockerfile where there is no container engine: each stage is a Debian root of its own, made by debootstrap.

It knows the instructions that ours has, and refuses any other. What it starts has a root that it cannot write to, ``/tmp`` in memory, its
own processes and the user of the file: what ``deploy/compose.yaml`` asks an engine for. Needs root, ``debootstrap`` and the network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_BASE = re.compile(r"python:3\.11-slim-(\w+)$")
_PACKAGES = "python3,python3-venv,python-is-python3,ca-certificates,passwd,mount"
"""What the image of Python brings beside Debian's own smallest set; bookworm's Python is 3.11."""
_FROM_HERE = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "SSL_CERT_FILE")


def can_run() -> bool:
    """Whether this machine can make and enter such roots."""
    return os.geteuid() == 0 and shutil.which("debootstrap") is not None


@dataclass
class Image:
    """What a stage has become."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"})
    folder: str = "/"
    user: str = "0"
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    volume: str = ""

    def started(self, words: Sequence[str], environment: Mapping[str, str]) -> list[str]:
        """The command that starts *words* as an engine would, *environment* laid over the image's but for its path."""
        root = self.root
        told = [f"{key}={value}" for key, value in {**self.environment, **environment, "PATH": self.environment["PATH"]}.items()]
        enter = (
            f"mount --bind {root} {root} && mount --bind {root}{self.volume} {root}{self.volume} && mount -t proc proc {root}/proc && "
            f"mount -t tmpfs tmpfs {root}/tmp && mount --rbind /dev {root}/dev && mount -o remount,bind,ro {root} && "  # noqa: S108 - its own
            f'exec chroot --userspec={self.user}:{self.user} {root} "$@"'
        )
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", enter, "sh", "/usr/bin/env", "-i", *told, *words]

    def run(self, words: str) -> None:
        """Carry out RUN as the file's user would, with this machine's way to the package index."""
        kept = {key: value for key, value in os.environ.items() if key.startswith(_FROM_HERE)}
        told = [f"{key}={value}" for key, value in {**self.environment, **kept}.items()]
        inside = ["chroot", str(self.root), "/usr/bin/env", "-i", *told, "sh", "-ec", f"cd {self.folder} && {words}"]
        done = subprocess.run(inside, capture_output=True, text=True, check=False, timeout=900)
        assert done.returncode == 0, f"RUN {words}\n{done.stdout[-1000:]}{done.stderr[-2000:]}"


def build(file: Path, context: Path, work: Path) -> Image:
    """Carry *file* out with the files of *context*; everything lies in *work*. Returns the last stage."""
    stages: dict[str, Image] = {}
    image = Image(work)
    for name, words in _instructions(file.read_text(encoding="utf-8")):
        if name == "FROM":
            base, _, alias = words.partition(" AS ")
            image = stages[alias] = Image(_debian(base, work, work / f"stage{len(stages)}"))
        else:
            _carry_out(image, name, words, stages, context)
    return image


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Name and words of each instruction; a line that ends in a backslash goes on."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        name, _, words = line.partition(" ")
        yield name, words.strip()


def _carry_out(image: Image, name: str, words: str, stages: dict[str, Image], context: Path) -> None:
    match name:
        case "WORKDIR":
            image.folder = words
            (image.root / words.lstrip("/")).mkdir(parents=True, exist_ok=True)
        case "RUN":
            image.run(words)
        case "COPY":
            _copy(image, words.split(), stages, context)
        case "ENV":
            given = dict(word.split("=", 1) for word in words.split())
            image.environment |= {key: value.replace("$PATH", image.environment["PATH"]) for key, value in given.items()}
        case "USER" | "VOLUME":
            setattr(image, name.lower(), words)
        case "ENTRYPOINT" | "CMD":
            setattr(image, name.lower(), json.loads(words))
        case "HEALTHCHECK":
            image.health = json.loads(words[words.index("[") :])
        case "EXPOSE":
            pass
        case _:
            raise NotImplementedError(name)


def _copy(image: Image, words: list[str], stages: dict[str, Image], context: Path) -> None:
    given, *places = words if words[0].startswith("--from=") else ["", *words]
    source = stages[given.partition("=")[2]].root if given else context
    *names, target = places
    into = (image.root / target.lstrip("/")) if target.startswith("/") else (image.root / image.folder.lstrip("/") / target)
    for name in names:
        place = source / name.lstrip("/")
        if place.is_dir():
            shutil.copytree(place, into, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            into.mkdir(parents=True, exist_ok=True)
            shutil.copy(place, into)


def _debian(base: str, work: Path, root: Path) -> Path:
    """A fresh root of the Debian that the image of Python is made of; the first one is fetched, the others are its copies."""
    found = _BASE.search(base)
    assert found, f"{base} is not the image whose Debian this knows"
    first = work / "debian"
    if not first.exists():
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", found[1], first],
            capture_output=True, text=True, check=False, timeout=900,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        shutil.copy("/etc/resolv.conf", first / "etc")
        if Path("/etc/ssl/certs/ca-certificates.crt").exists():
            shutil.copy("/etc/ssl/certs/ca-certificates.crt", first / "etc" / "ssl" / "certs")
    subprocess.run(["cp", "-a", first, root], check=True)
    return root
