"""The protocol of our own WebSub hub, pure: no clock, no storage, no network."""
