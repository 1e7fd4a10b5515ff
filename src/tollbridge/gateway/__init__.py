"""The server: holds the keys, knows the users, counts the credits, forwards the calls."""
