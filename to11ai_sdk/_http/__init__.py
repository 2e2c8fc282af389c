"""Takes a call to the network and back; private to the package.

transport (attempts, retries) -> exchange (what one attempt is) -> urllib_exchange (opener, proxies, TLS) ->
connection_pool (keep-alive) -> deadline_socket (every wait ends in time) -> response_parser -> envelope.
"""
