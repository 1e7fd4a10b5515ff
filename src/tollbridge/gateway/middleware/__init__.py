"""What stands around every endpoint: the request's id and CORS outside, the error boundary inside."""
