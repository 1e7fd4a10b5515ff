"""What the owner does: keys, changes of balances from a server, the command line."""
