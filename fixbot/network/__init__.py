"""The door to the network for everything that is no API's own client: where a request may go, and how far."""
