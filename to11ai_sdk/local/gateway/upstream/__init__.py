"""Talks to providers: requests, credentials, and the servers or ``echo`` behind them."""
