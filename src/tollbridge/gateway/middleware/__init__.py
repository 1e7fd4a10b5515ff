"""What stands around every endpoint: the request's id and CORS, then the error boundary."""
