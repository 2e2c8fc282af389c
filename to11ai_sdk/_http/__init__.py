"""Takes a call to the network and back; private to the package."""
