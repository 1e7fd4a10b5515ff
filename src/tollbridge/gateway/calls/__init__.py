"""The metered call: hold, send, settle, relay."""
