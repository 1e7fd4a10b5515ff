"""What the gateway answers to, as an OpenAPI document."""

from tollbridge.gateway.openapi.document import make_document
from tollbridge.gateway.openapi.endpoint import OpenApiEndpoint

__all__ = ["OpenApiEndpoint", "make_document"]
