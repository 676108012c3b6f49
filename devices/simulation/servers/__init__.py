"""Stand-ins for the programs that amplifiers are read through, made from their protocols.

Each speaks for one vendor's program, with the signals of a simulated device behind it. They share
no code with the drivers that read them: an error in one is not repeated in the other.
"""
