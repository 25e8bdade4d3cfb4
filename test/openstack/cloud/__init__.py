"""Brings up, fills and stops a small real OpenStack on loopback; see ../README.md."""
