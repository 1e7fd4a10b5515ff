"""What the gateway tells of its work: the record of a request, logs, the request log, figures."""

from tollbridge.gateway.observing.figures import Figures
from tollbridge.gateway.observing.metrics import Metrics, MetricsEndpoint
from tollbridge.gateway.observing.observer import Observer
from tollbridge.gateway.observing.request_log import RequestLog, keep_days

__all__ = ["Figures", "Metrics", "MetricsEndpoint", "Observer", "RequestLog", "keep_days"]
