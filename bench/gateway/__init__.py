"""The local gateway against another checkout, its peers, and no gateway at all: ``python -m bench.gateway``."""
