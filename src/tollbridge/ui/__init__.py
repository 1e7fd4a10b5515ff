"""What is seen: the chat, the counter, the notice. Import the modules; only some need a browser."""
