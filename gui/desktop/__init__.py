"""What the desktop knows of the program: menu entry, icon, the files that it opens."""
