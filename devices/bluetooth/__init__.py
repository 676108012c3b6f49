"""Wearables over Bluetooth Low Energy: what their notifications say. No client, no clock."""
