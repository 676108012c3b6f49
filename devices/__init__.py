"""The device contract, the driver registry, one file per driver, and the simulated rig."""
