"""The certificate as a page. Measures nothing: the figures come from the check."""
