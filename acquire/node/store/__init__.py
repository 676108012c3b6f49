"""What a node keeps on its disk, and what is done with it afterwards."""
