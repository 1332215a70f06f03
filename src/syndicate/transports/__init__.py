"""How pushes leave the house: one file a transport, one protocol (see ``base``)."""
