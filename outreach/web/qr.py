"""QR codes for pages: drawn into the page itself, so that an address goes into no cache and no log."""

from __future__ import annotations

import base64

import zxingcpp


def picture(address: str) -> str:
    """The address as a QR code, for the ``src`` of a picture."""
    code = zxingcpp.create_barcode(address, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    svg = zxingcpp.write_barcode_to_svg(code, add_quiet_zones=True)
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode('ascii')}"
