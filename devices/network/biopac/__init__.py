"""AcqKnowledge over the network: its XML-RPC control and its data connections (NDT)."""
