"""LabStreamingLayer: outlets, inlets and clocks."""
