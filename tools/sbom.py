"""What a built program is made of, in CycloneDX: ``python -m tools.sbom > traywatch.cdx.json``

Read from what PyInstaller noted of its last build: each file that went in belongs to a Python
distribution, to Python itself, or on Debian to a package of the system.
https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from platform import python_version
from typing import Any, Final
from urllib.parse import quote

from traywatch import __version__

ROOT: Final = Path(__file__).resolve().parent.parent
NOTES: Final = ROOT / ".build" / "pyinstaller" / sys.platform / "build"
"""What PyInstaller wrote down of its last build for this system."""
TABLES: Final = ("COLLECT-00.toc", "PYZ-00.toc")

Json = dict[str, Any]


def document() -> Json:
    """The whole of it; the same build makes the same document."""
    files = set(collected())
    components = sorted(
        (*_python(), *_distributions(files), *_debian_packages(files)),
        key=lambda component: str(component["purl"]),
    )
    purl = f"pkg:generic/traywatch@{__version__}"
    known_by = json.dumps([purl, components])
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, known_by)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": purl,
                "name": "traywatch",
                "version": __version__,
                "purl": purl,
                "licenses": [{"license": {"id": "MIT"}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": purl, "dependsOn": [each["bom-ref"] for each in components]}],
    }


def collected() -> Iterator[Path]:
    """Every file that went into the last build, by where it came from."""
    for table in TABLES:
        noted = ast.literal_eval((NOTES / table).read_text("utf-8"))
        yield from _sources(noted)


def _sources(noted: object) -> Iterator[Path]:
    """PyInstaller nests its entries ``(place, source, kind)`` differently in each table."""
    match noted:
        case (str(), str(source), str()) if Path(source).is_absolute():
            yield Path(source)
        case [*parts] | (*parts,):
            for part in parts:
                yield from _sources(part)


def _python() -> Iterator[Json]:
    yield _component("Python", python_version(), f"pkg:generic/python@{python_version()}")


def _distributions(files: set[Path]) -> Iterator[Json]:
    for distribution in distributions_in(files):
        name, version = distribution.metadata["Name"], distribution.version
        licence = distribution.metadata.json.get("license_expression")
        purl = f"pkg:pypi/{re.sub('[-_.]+', '-', name).lower()}@{version}"
        yield _component(name, version, purl, str(licence) if licence else None)


def distributions_in(files: set[Path]) -> Iterator[metadata.Distribution]:
    """What came from where pip installs to, PyInstaller's own bootloader always among it."""
    for distribution in metadata.distributions():
        ours = {Path(str(file.locate())) for file in distribution.files or ()}
        if distribution.metadata["Name"] == "pyinstaller" or ours & files:
            yield distribution


def _debian_packages(files: set[Path]) -> Iterator[Json]:
    packages = debian_packages_in(files)
    described = _ask_dpkg("-W", "-f=${Package} ${Version} ${Architecture}\\n", *packages)
    for line in described if packages else ():
        name, version, architecture = line.split()
        purl = f"pkg:deb/debian/{name}@{quote(version)}?arch={architecture}"
        yield _component(name, version, purl)


def debian_packages_in(files: set[Path]) -> list[str]:
    """The packages the system's own files in it come from, as far as dpkg knows."""
    real = {file.resolve() for file in files}
    systems = sorted(str(file) for file in real if file.is_relative_to("/usr/lib"))
    if not systems or not shutil.which("dpkg-query"):
        return []
    # Files of /lib are listed so on systems where it has become a link to /usr/lib.
    owners = _ask_dpkg("-S", *systems, *(name.removeprefix("/usr") for name in systems))
    return sorted({line.split(":")[0] for line in owners if ": " in line})


def _ask_dpkg(*arguments: str) -> list[str]:
    """It fails where a single file is nobody's, and answers for the others all the same."""
    asked = subprocess.run(["dpkg-query", *arguments], capture_output=True, text=True, check=False)
    return asked.stdout.splitlines()


def _component(name: str, version: str, purl: str, licence: str | None = None) -> Json:
    licences: Json = {"licenses": [{"expression": licence}]} if licence else {}
    return {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        **licences,
    }


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2)
    print()
