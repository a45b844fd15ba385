"""The operating system's store is found, also where OpenSSL looks in the wrong place."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

import pytest
import trustme

from traywatch.fetch import trust
from traywatch.fetch.trust import Trust

by_file = pytest.mark.skipif(
    sys.platform in ("win32", "darwin"), reason="there the system itself is asked, not a file"
)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "bundle.pem"
    trustme.CA(organization_name="the only one").cert_pem.write_to_path(str(path))
    return path


def authorities(context: ssl.SSLContext) -> str:
    return str(context.get_ca_certs())


@by_file
def test_what_the_environment_names_is_used(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert "the only one" in authorities(Trust().context)


@by_file
def test_a_frozen_program_finds_the_bundle_of_the_system(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle.with_name("builders-own.pem")))
    monkeypatch.setattr(trust, "_CA_BUNDLES", ("/no/such/file", str(bundle)))
    assert "the only one" in authorities(Trust().context)


def test_certificates_and_names_are_always_verified() -> None:
    context = Trust().context
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_the_store_is_read_once() -> None:
    kept = Trust()
    assert kept.context is kept.context
