"""Whom we trust: the operating system's certificate store. There is no switch to turn it off."""

from __future__ import annotations

import os
import ssl
import sys
from functools import cached_property
from typing import Final

_CA_BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # BSD
)


class Trust:
    """One context for all connections, made when the first https page is dialled.

    Reading the store takes 20 ms and 2 MB.
    """

    @cached_property
    def context(self) -> ssl.SSLContext:
        """Verifies chain and name against the operating system's store."""
        context = _system_context()
        context.set_alpn_protocols(["http/1.1"])
        return context


def _system_context() -> ssl.SSLContext:
    """A context that trusts what the operating system trusts.

    On Windows and macOS truststore asks the system itself. Elsewhere the store is a file, which
    truststore 0.10 reads anew for every connection (20 ms of CPU, measured); here it is read
    once. ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` are honoured.
    """
    if sys.platform in ("win32", "darwin"):
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    usual = ssl.get_default_verify_paths()
    bundle = next(filter(os.path.isfile, _CA_BUNDLES), None)
    if usual.cafile or bundle is None:
        context.set_default_verify_paths()
    else:  # a frozen program's OpenSSL looks where its builder had the store
        context.load_verify_locations(cafile=bundle, capath=usual.capath)
    return context
