"""What runs in a device process. Nobody imports it: it is met over its pipe."""
