"""All painting over data: traces, spectra, pictures, heads."""
