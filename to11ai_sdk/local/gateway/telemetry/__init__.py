"""Sends each call as a span to an OpenTelemetry collector; imported only for a gateway that has the URL of one."""
