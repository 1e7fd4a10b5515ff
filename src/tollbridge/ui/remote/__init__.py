"""One conversation that several views show, each in a context of its own; see README.md."""
