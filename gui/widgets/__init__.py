"""Small widgets and the theme. They know no data."""
