"""What the gateway forwards to: providers, what may be asked of them, and the way there."""
