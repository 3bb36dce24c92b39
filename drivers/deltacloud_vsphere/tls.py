"""How the certificate of a vCenter is checked."""

import ssl

from deltacloud_vsphere.config import ProviderSettings


def tls_context(settings: ProviderSettings) -> ssl.SSLContext:
    """How the vCenter's certificate is checked; raises ``OSError`` where ``ca_file`` cannot be read."""
    context = ssl.create_default_context(cafile=settings.ca_file or None)
    if not settings.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
