// The Backends module.
