"""`build.py bench stores`: SQLite and PostgreSQL beside each other, under the same work."""
