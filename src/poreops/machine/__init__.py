"""Memory and processes of the machine; nothing here can change a result."""
